import type { RunLevel } from './level.ts'

// V5: the place of the module that runs the real nginx.

export const v5: RunLevel = () => Promise.reject(new Error('the twin of nginx is not merged yet'))
