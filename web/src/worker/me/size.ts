import { ref } from 'vue'

const SLOT = 'gridworker-worker-size'
export const SIZES = ['标准', '大', '特大'] as const
export type Size = (typeof SIZES)[number]

function read(): Size {
  try {
    const kept = localStorage.getItem(SLOT)
    return SIZES.find((s) => s === kept) ?? '标准'
  } catch {
    return '标准'
  }
}
export const size = ref<Size>('标准')

/** Sets the size of all words; without one, the one that was chosen on this device. */
export function applySize(wanted: Size = read()): void {
  size.value = wanted
  document.documentElement.dataset['size'] = wanted
  try {
    localStorage.setItem(SLOT, wanted)
  } catch {
    // Then it lasts as long as the page.
  }
}
