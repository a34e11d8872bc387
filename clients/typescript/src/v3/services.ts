import { isObject, type Json, type JsonObject } from '../json.js';
import { ProductsConfig } from '../services.js';
import { textOf } from './answer.js';
import { query } from './exchange.js';
import type { CallOptions } from './submission.js';
import type { TokenWanted } from './token-keeper.js';

/** A bank whose accounts can be looked up. */
export interface BankCode {
  readonly code: string;
  readonly country: string;
  readonly name: string;
}

/** A kind of identity that can be looked up. */
export interface SupportedIdType {
  /** Two letters. */
  readonly country: string;
  /** The wire's name, e.g. `BVN`. */
  readonly type: string;
  /** Its name for people. */
  readonly label: string;
  /** A regular expression that numbers fit; `undefined` where there is none. */
  readonly pattern: string | undefined;
  /** The fields that a submission must hold, in the wire's names. */
  readonly requiredFields: readonly string[];
  /** The bank, where the kind is one of several banks'. */
  readonly bankCode: string | undefined;
}

/** A country's documents. */
export interface SupportedDocuments {
  readonly country: { readonly code: string; readonly name: string; readonly continent: string | undefined };
  readonly idTypes: readonly {
    /** The wire's name; `''` stands for any other. */
    readonly code: string;
    readonly name: string;
    readonly examples: readonly string[];
    readonly hasBack: boolean;
  }[];
}

/** How an authority has answered of late. All of it is text as the server writes it, and any of it may be missing. */
export interface IdStatus {
  readonly lastChecked: string | undefined;
  readonly lastCheckStatus: 'success' | 'failure' | (string & {}) | undefined;
  readonly lastHourSuccessRate: string | undefined;
  readonly lastKnownStatus: 'online' | 'offline' | (string & {}) | undefined;
  readonly lastCheckSuccessRate: string | undefined;
}

/** What the partner may use, and what the token has said already. */
export class ServicesConfig extends ProductsConfig {
  /** The names of fields that the token fixes: nobody need be asked for them. */
  get tokenProvidedFields(): string[] {
    return texts(this.toJSON()['token_provided_fields']);
  }
}

/** Asks a question of the server: with a token for what is wanted, or with none where it is open to everybody. */
type Ask = (path: string, wanted: TokenWanted | undefined, options: CallOptions) => Promise<JsonObject>;

/** What a server can look up. What is not as the wire has it is passed over. */
export class V3Services {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Banks whose accounts can be looked up. Open to everybody. */
  async bankCodes(country?: string, options: CallOptions = {}): Promise<BankCode[]> {
    const answer = await this.#ask(`services/bank_codes${query({ country })}`, undefined, options);
    return objects(answer['bank_codes']).flatMap((bank) => {
      const [code, name] = [textOf(bank, 'code'), textOf(bank, 'name')];
      return code && name ? [{ code, country: textOf(bank, 'country') ?? '', name }] : [];
    });
  }

  /** Kinds of identity that can be looked up. Open to everybody. */
  async supportedIdTypes(country?: string, options: CallOptions = {}): Promise<SupportedIdType[]> {
    const answer = await this.#ask(`services/supported_id_types${query({ country })}`, undefined, options);
    return objects(answer['id_types']).flatMap((said) => {
      const [type, of] = [textOf(said, 'type'), textOf(said, 'country')];
      if (!type || !of) return [];
      return [
        {
          country: of,
          type,
          label: textOf(said, 'label') ?? type,
          pattern: textOf(said, 'regex'),
          requiredFields: texts(said['required_fields']),
          bankCode: textOf(said, 'bank_code'),
        },
      ];
    });
  }

  /** Documents that can be read. Open to everybody. */
  async supportedDocuments(
    options: CallOptions & { readonly continent?: string; readonly countryCode?: string; readonly locale?: string } = {},
  ): Promise<SupportedDocuments[]> {
    const { continent, countryCode: country_code, locale } = options;
    const answer = await this.#ask(`services/supported_documents${query({ continent, country_code, locale })}`, undefined, options);
    return objects(answer['valid_documents']).flatMap((said) => {
      const country = isObject(said['country']) ? said['country'] : {};
      const code = textOf(country, 'code');
      if (!code) return [];
      return [
        {
          country: { code, name: textOf(country, 'name') ?? code, continent: textOf(country, 'continent') },
          idTypes: objects(said['id_types']).map((type) => ({
            code: textOf(type, 'code') ?? '',
            name: textOf(type, 'name') ?? '',
            examples: texts(type['example']),
            hasBack: type['has_back'] === true,
          })),
        },
      ];
    });
  }

  /** How an authority has answered of late. */
  async idStatus(country: string, idType: string, options: CallOptions = {}): Promise<IdStatus> {
    const answer = await this.#ask(`services/id_status${query({ country, id_type: idType })}`, {}, options);
    return {
      lastChecked: textOf(answer, 'last_checked'),
      lastCheckStatus: textOf(answer, 'last_check_status'),
      lastHourSuccessRate: textOf(answer, 'last_hour_success_rate'),
      lastKnownStatus: textOf(answer, 'last_known_status'),
      lastCheckSuccessRate: textOf(answer, 'last_check_success_rate'),
    };
  }

  /**
   * What the partner may use, where the person must consent, and which fields the token fixes.
   *
   * @param wanted What will be submitted: the token is one for that.
   */
  async config(wanted: TokenWanted = {}, options: CallOptions = {}): Promise<ServicesConfig> {
    return new ServicesConfig(await this.#ask('services/config', wanted, options));
  }
}

const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string' && text !== '') : [];
