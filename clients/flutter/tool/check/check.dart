// What can be held true of the sources without Dart's own analyser. Run by check.sh, in the package's folder.
//
// check.dart PACKAGE_FOLDER VECTORS_FOLDER
import 'dart:convert';
import 'dart:io';

void main(List<String> arguments) {
  final [package, vectors] = arguments;
  final sources = SourceTree(package);
  final findings = [
    ...sources.files.expand(unresolvedImports(sources)),
    ...sources.files.where((file) => file.path.startsWith('lib/')).expand(undocumented),
    ...missingAccessors(sources, vectors),
    ...unexported(sources),
    ...sources.files.expand(tooLong),
  ];
  findings.forEach(stderr.writeln);
  print('${sources.files.length} Dart files looked at, ${findings.length} findings');
  exitCode = findings.isEmpty && sources.files.isNotEmpty ? 0 : 1;
}

typedef Source = ({String path, String text});

/// The package's Dart files, and what its pubspecs declare.
class SourceTree {
  SourceTree(this.folder)
    : files = [
        for (final part in const ['lib', 'test', 'example/lib'])
          for (final entry in Directory('$folder/$part').listSync(recursive: true))
            if (entry is File && entry.path.endsWith('.dart'))
              (path: entry.path.substring(folder.length + 1), text: entry.readAsStringSync()),
      ];

  final String folder;
  final List<Source> files;

  /// The packages that a file may import: those declared for it, and its own.
  Set<String> declaredFor(String path) {
    final example = path.startsWith('example/');
    final pubspec = File('$folder/${example ? 'example/' : ''}pubspec.yaml').readAsStringSync();
    return {
      RegExp(r'^name: (\w+)$', multiLine: true).firstMatch(pubspec)!.group(1)!,
      ...section(pubspec, 'dependencies'),
      if (!path.startsWith('lib/')) ...section(pubspec, 'dev_dependencies'),
    };
  }

  static Iterable<String> section(String pubspec, String name) {
    final body = RegExp('^$name:\n((?:[ #].*\n|\n)*)', multiLine: true).firstMatch('$pubspec\n')?.group(1) ?? '';
    return RegExp(r'^  (\w+):', multiLine: true).allMatches(body).map((match) => match.group(1)!);
  }
}

final _directive = RegExp(r"^(?:import|export|part)\s+'([^']+)'", multiLine: true);

/// Imports and exports lead to a file of the package, a library of Dart's, or a declared dependency.
Iterable<String> Function(Source) unresolvedImports(SourceTree tree) => (file) sync* {
  final declared = tree.declaredFor(file.path);
  for (final match in _directive.allMatches(file.text)) {
    final uri = match.group(1)!;
    final where = '${file.path}: $uri';
    if (uri.startsWith('dart:')) continue;
    if (uri.startsWith('package:')) {
      final [name, ...rest] = uri.substring('package:'.length).split('/');
      if (!declared.contains(name)) yield '$where: $name is not declared in pubspec.yaml';
      final own = name == 'selfsame_flutter';
      if (own && !File('${tree.folder}/lib/${rest.join('/')}').existsSync()) yield '$where: no such file';
      continue;
    }
    if (!File.fromUri(File('${tree.folder}/${file.path}').absolute.uri.resolve(uri)).existsSync()) {
      yield '$where: no such file';
    }
  }
};

final _container = RegExp(r'^(?:\w+ )*(?:class|enum|extension|mixin) (\w+)');

final _noDeclaration = RegExp(r'^ *(?://|@|[)}\]]|import |export |show|library)');

/// Public declarations have a comment. Those that override have the comment of what they override.
Iterable<String> undocumented(Source file) sync* {
  final lines = const LineSplitter().convert(file.text);
  var container = '';
  for (final (at, line) in lines.indexed) {
    if (line.isEmpty || _noDeclaration.hasMatch(line)) continue;
    if (indentOf(line) == 0) container = _container.firstMatch(line)?.group(1) ?? '';
    if (indentOf(line) > 2 || !opens(lines, at)) continue;
    // What is in something private, or in a function, nobody sees.
    if (indentOf(line) == 2 && (container.isEmpty || container.startsWith('_'))) continue;
    final before = at == 0 ? '' : lines[at - 1].trim();
    if (before.startsWith('///') || before == '@override' || nameIn(line).startsWith('_')) continue;
    yield '${file.path}:${at + 1}: no comment: ${line.trim()}';
  }
}

int indentOf(String line) => line.length - line.trimLeft().length;

/// Whether a line begins a declaration: what stands before it is nothing, a comment, a head, or a declaration's end.
bool opens(List<String> lines, int at) {
  final before = at == 0 ? '' : lines[at - 1];
  if (before.isEmpty || before.trim().startsWith('///') || before.trim().startsWith('@')) return true;
  if (indentOf(before) == 0) return _container.hasMatch(before) || indentOf(lines[at]) == 0;
  return indentOf(before) == indentOf(lines[at]) && RegExp(r'[;},]$').hasMatch(before);
}

/// The name that a line declares.
String nameIn(String line) {
  if (_container.firstMatch(line) case final match?) return match.group(1)!;
  var bare = line;
  for (var last = ''; last != bare;) {
    last = bare;
    bare = bare.replaceAll(RegExp(r'<[^<>]*>|Function\([^()]*\)\??'), '');
  }
  return RegExp(r'(\w+)\s*(?:[=;({,]|$)').firstMatch(bare)?.group(1) ?? '';
}

/// Each accessor that the contract names is a getter of JobStatus or of the results that it mixes in, or a method where it takes a name.
Iterable<String> missingAccessors(SourceTree tree, String vectors) sync* {
  const homes = ['lib/src/client/job_status.dart', 'lib/src/client/job_result.dart'];
  final status = tree.files.where((file) => homes.contains(file.path)).map((file) => file.text).join();
  final results = jsonDecode(File('$vectors/results.json').readAsStringSync()) as List<Object?>;
  final names = {
    for (final result in results.cast<Map<String, Object?>>()) ...(result['expect']! as Map<String, Object?>).keys,
  };
  for (final name in names) {
    final camel = name.replaceAllMapped(RegExp('_(.)'), (match) => match.group(1)!.toUpperCase());
    if (!RegExp('get $camel\\b').hasMatch(status)) yield 'lib/src/client/job_status.dart: no accessor $camel ($name)';
  }
}

/// Each name that a library shows, the file that it exports declares.
Iterable<String> unexported(SourceTree tree) sync* {
  final export = RegExp(r"^export\s+'([^']+)'\s+show\s+([^;]+);", multiLine: true);
  for (final file in tree.files.where((file) => RegExp(r'^lib/\w+\.dart$').hasMatch(file.path))) {
    for (final match in export.allMatches(file.text)) {
      final target = tree.files.where((other) => other.path == 'lib/${match.group(1)}').firstOrNull?.text ?? '';
      for (final name in match.group(2)!.split(',').map((name) => name.trim()).where((name) => name.isNotEmpty)) {
        if (!RegExp('(?:class|enum|typedef|mixin) $name\\b|^\\S.*\\b$name(?:\\(|<| =)', multiLine: true).hasMatch(target)) {
          yield '${file.path}: ${match.group(1)} declares no $name';
        }
      }
    }
  }
}

/// A file is a room.
Iterable<String> tooLong(Source file) sync* {
  final lines = const LineSplitter().convert(file.text);
  if (lines.length > 450) yield '${file.path}: ${lines.length} lines';
  for (final (at, line) in lines.indexed) {
    if (line.length > 120) yield '${file.path}:${at + 1}: ${line.length} characters, and 120 are the most';
  }
}
