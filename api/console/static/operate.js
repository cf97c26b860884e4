// Brings new texts and attributes into what has been drawn once: key -> text, key@name -> attribute.
// Without news for some seconds the figures are old, and the page says so by itself.
(() => {
  let last = Date.now();
  window.twSet = (changes) => {
    last = Date.now();
    document.body.classList.remove("op-silent");
    for (const [key, value] of Object.entries(changes)) {
      const [name, attribute] = key.split("@");
      for (const element of document.querySelectorAll(`[data-k="${name}"]`)) {
        if (!attribute) element.textContent = value;
        else if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
      }
    }
  };
  setInterval(() => {
    if (Date.now() - last > 6000) document.body.classList.add("op-silent");
  }, 1000);
})();
