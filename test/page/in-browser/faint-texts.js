/**
 * Runs in the browser. Texts that are shown with a contrast to their background below 4.5 to 1.
 */
(() => {
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const paint = canvas.getContext('2d', { willReadFrequently: true });

  /** The colour that comes of painting one over the other, as red, green and blue. */
  function painted(colours) {
    paint.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1);
    }
    return Array.from(paint.getImageData(0, 0, 1, 1).data.slice(0, 3));
  }

  function luminance(rgb) {
    const [red, green, blue] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrastOf(element) {
    const backgrounds = ['#fff'];
    for (let up = element; up; up = up.parentElement) {
      backgrounds.splice(1, 0, getComputedStyle(up).backgroundColor);
    }
    const below = luminance(painted(backgrounds));
    const ink = luminance(painted([...backgrounds, getComputedStyle(element).color]));
    return (Math.max(below, ink) + 0.05) / (Math.min(below, ink) + 0.05);
  }

  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    const isShown = element.checkVisibility() && !element.closest('.unseen, .skip, :disabled, option');
    if (text === '' || !isShown) continue;
    const contrast = contrastOf(element);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${text.slice(0, 40)}`);
  }
  return faint;
})();
