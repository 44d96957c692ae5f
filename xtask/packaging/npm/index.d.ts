/** A running emulator of Adobe IMS. */
export interface Emulator {
  /** Its base URL, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The client id of its OAuth Server-to-Server integration. */
  readonly clientId: string;
  /** The client secret of that integration. */
  readonly clientSecret: string;
  /** The organization of that integration. */
  readonly orgId: string;
  /** The verdicts on all requests after number `after`. `refusal` is `null` if there was none. */
  requests(after?: number): Promise<Array<Record<string, unknown>>>;
  /** Adds an integration, or replaces the one with its client id. The members are those of a scenario. */
  addIntegration(integration: Record<string, unknown>): Promise<unknown>;
  /** Makes something go wrong, such as `{ fault: 'unavailable', times: 1 }`. The members are those of a scenario. */
  inject(fault: Record<string, unknown>): Promise<unknown>;
  /** Nothing goes wrong any more. */
  clearFaults(): Promise<unknown>;
  /** Ends it. */
  stop(): Promise<void>;
}

/** How an emulator is started. */
export interface Options {
  /** Arguments of `ims emulator`, such as `['--config', 'scenario.toml']`. */
  args?: string[];
  /** Members of the integration that differ from the usual ones. */
  integration?: Record<string, unknown>;
}

/** Starts an emulator on a free port of 127.0.0.1. It ends with `stop`, or with this process at the latest. */
export function startEmulator(options?: Options): Promise<Emulator>;

/** The path of the command `ims` for this platform. */
export function command(): string;
