import { isObject, type Json, type JsonObject } from './json.js';

/** A kind of identity that can be looked up. */
export interface OfferedIdType {
  /** The wire's name, e.g. `NIN`. */
  readonly code: string;
  /** Its name for people. */
  readonly label: string;
  /** A regular expression that numbers fit; `undefined` where there is none. */
  readonly pattern: string | undefined;
  /** The fields that a request must hold, in the wire's names: beside what every request holds e.g. `first_name`. */
  readonly requiredFields: readonly string[];
}

/** A country whose identities can be looked up. */
export interface OfferedCountry {
  /** Two letters. */
  readonly code: string;
  /** Its name for people. */
  readonly name: string;
  readonly idTypes: readonly OfferedIdType[];
}

/** A bank whose accounts can be looked up. */
export interface OfferedBank {
  readonly name: string;
  readonly code: string;
}

/** What a server looks up: `/v1/services`. */
export class Services {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** The banks whose codes `bank_code` takes. */
  get bankCodes(): OfferedBank[] {
    const list = this.#json['bank_codes'];
    return (Array.isArray(list) ? list : [])
      .filter(isObject)
      .flatMap(({ name, code }) => (isText(name) && isText(code) ? [{ name, code }] : []));
  }

  /** Countries and their ID types for a product, e.g. `biometric_kyc`. Empty where the product is not offered. */
  idTypes(product: string): OfferedCountry[] {
    return entries(own(own(this.#json, 'hosted_web'), product)).map(([code, country]) => ({
      code,
      name: isText(country['name']) ? country['name'] : code,
      idTypes: entries(country['id_types']).map(([type, said]) => ({
        code: type,
        label: isText(said['label']) ? said['label'] : type,
        pattern: isText(said['id_number_regex']) ? said['id_number_regex'] : undefined,
        requiredFields: texts(said['required_fields']),
      })),
    }));
  }

  /** The whole answer as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }
}

/** What a partner may use: `/v1/products_config`. */
export class ProductsConfig {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** Whether the person must consent before an ID type is looked up. */
  consentRequired(country: string, idType: string): boolean {
    return texts(own(own(this.#json, 'consentRequired'), country)).includes(idType);
  }

  /** The ID types of a country that the partner may use for a product. */
  idTypes(product: string, country: string): string[] {
    return texts(own(own(own(this.#json, 'idSelection'), product), country));
  }

  /** The whole answer as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }
}

const own = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.prototype.hasOwnProperty.call(value, name) ? value[name] : undefined;
const entries = (value: Json | undefined): [string, JsonObject][] =>
  isObject(value) ? Object.entries(value).filter((entry): entry is [string, JsonObject] => isObject(entry[1])) : [];
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter(isText) : []);
