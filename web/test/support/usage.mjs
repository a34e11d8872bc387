// Which of the platform's features sources use, as the compiler understands them.
import ts from 'typescript';

/** `import type`s and unresolved imports do not matter here: only what the platform's own declarations say is looked up. */
const OPTIONS = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  types: [],
  strict: true,
  noEmit: true,
  allowJs: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  jsx: ts.JsxEmit.ReactJSX,
};

const isPlatforms = (node) => /\/typescript\/lib\/lib\.[^/]*\.d\.ts$/.test(node.getSourceFile().fileName);

/** The class or interface that a declaration is a member of, and whether it is a static one. */
function ownerOf(declaration) {
  const { parent } = declaration;
  if (ts.isInterfaceDeclaration(parent)) {
    const constructor = /^(\w+)Constructor$/.exec(parent.name.text);
    if (constructor) return { owner: constructor[1], isStatic: true };
    return { owner: parent.name.text.replace(/^Readonly(Array|Map|Set)$/, '$1'), isStatic: false };
  }
  if (ts.isTypeLiteralNode(parent) && ts.isVariableDeclaration(parent.parent)) return { owner: parent.parent.name.getText(), isStatic: true };
  return undefined;
}

/** The names of a type and of all that it extends: mixins are declared apart from the interfaces that have them. */
function namesOf(type, checker, found = new Set()) {
  for (const each of type.isUnionOrIntersection() ? type.types : [type]) {
    const apparent = checker.getApparentType(each);
    const name = apparent.symbol?.name;
    if (name && !found.has(name)) {
      found.add(name);
      for (const base of apparent.isClassOrInterface() ? checker.getBaseTypes(apparent) : []) namesOf(base, checker, found);
    }
  }
  return found;
}

/**
 * All uses of the platform in files and what they import of their own: `{owners, member, isStatic, where}`. `owners` are the
 * names under which the member may be known; without a member, the owner itself is used.
 */
export function usesOf(files, { inline, paths } = {}) {
  const options = { ...OPTIONS, ...(paths && { paths, baseUrl: '/' }) };
  const host = ts.createCompilerHost(options);
  if (inline) {
    const { getSourceFile, fileExists } = host;
    host.fileExists = (name) => name === inline.name || fileExists.call(host, name);
    host.getSourceFile = (name, ...more) =>
      name === inline.name ? ts.createSourceFile(name, inline.text, ts.ScriptTarget.ESNext, true) : getSourceFile.call(host, name, ...more);
  }
  const program = ts.createProgram(inline ? [...files, inline.name] : files, options, host);
  const checker = program.getTypeChecker();
  const uses = [];
  const note = (node, symbol, receiver) => {
    for (const declaration of symbol?.declarations ?? []) {
      if (!isPlatforms(declaration)) continue;
      const file = node.getSourceFile();
      const where = `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      const of = ownerOf(declaration);
      if (of) {
        const owners = [of.owner, ...(receiver && !of.isStatic ? namesOf(receiver, checker) : [])];
        uses.push({ owners, member: symbol.name, isStatic: of.isStatic, where });
      } else if (ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration)) {
        uses.push({ owners: [symbol.name], where }, { owners: ['Window', 'WorkerGlobalScope', '_globals'], member: symbol.name, where });
      }
    }
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isPropertyAccessExpression(node)) {
      note(node.name, checker.getSymbolAtLocation(node.name), checker.getTypeAtLocation(node.expression));
      visit(node.expression);
      return;
    }
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const type = checker.getTypeAtLocation(node.parent);
      const name = node.propertyName ?? node.name;
      if (ts.isIdentifier(name)) note(name, type.getProperty(name.text), type);
    } else if (ts.isIdentifier(node)) {
      note(node, checker.getSymbolAtLocation(node));
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) if (!file.isDeclarationFile && !file.fileName.includes('/node_modules/')) visit(file);
  return { uses, sources: program.getSourceFiles().filter((file) => !file.isDeclarationFile).map((file) => file.fileName) };
}
