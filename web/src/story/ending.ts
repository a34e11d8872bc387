/** The person does not want to go on. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled by the person');
    this.name = 'Cancelled';
  }
}

/** The component was removed from its page. */
export class Removed extends Error {
  constructor() {
    super('the component was removed');
    this.name = 'Removed';
  }
}
