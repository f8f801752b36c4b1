/**
 * Of the text of an element against what is behind it (WCAG 2.2, 1.4.3): 1 to 21. For `locator.evaluate`, which runs it in the page.
 */
export function contrastOfText(element: Element): number {
  const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = ([red = 0, green = 0, blue = 0]: number[]) => {
    const linear = [red, green, blue].map((value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0)
  }
  let behind: Element | null = element
  while (behind !== null && numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement
  const ground = behind === null ? [255, 255, 255] : numbers(getComputedStyle(behind).backgroundColor)
  const [light = 0, dark = 0] = [luminance(numbers(getComputedStyle(element).color)), luminance(ground)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}
