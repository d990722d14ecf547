import type { Command } from './command.ts'
import { CALCULATION_COMMANDS } from './commands/calculationCommands.ts'
import { DATA_COMMANDS } from './commands/dataCommands.ts'
import { FIGURE_COMMANDS } from './commands/figureCommands.ts'
import { ORDER_COMMANDS } from './commands/orderCommands.ts'
import { SERVER_COMMANDS } from './commands/serverCommands.ts'
import { TERMINAL_COMMANDS } from './commands/terminalCommands.ts'

/** All commands, within their groups in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [
  ...SERVER_COMMANDS,
  ...FIGURE_COMMANDS,
  ...ORDER_COMMANDS,
  ...DATA_COMMANDS,
  ...CALCULATION_COMMANDS,
  ...TERMINAL_COMMANDS,
]
