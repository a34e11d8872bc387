/// Stands in for package:flutter's widgets, as far as this package and its example use them. Types only: it shows
/// nothing. Written by hand from the public reference of Flutter 3.29.
library;

import 'dart:typed_data';

export 'src_painting.dart';

import 'src_painting.dart';

typedef VoidCallback = void Function();

abstract class Key {
  const Key.empty();
}

class GlobalKey<T extends State<StatefulWidget>> extends Key {
  GlobalKey() : super.empty();
  T? get currentState => null;
}

abstract class BuildContext {}

abstract class Widget {
  const Widget({this.key});
  final Key? key;
}

abstract class StatelessWidget extends Widget {
  const StatelessWidget({super.key});
  Widget build(BuildContext context);
}

abstract class StatefulWidget extends Widget {
  const StatefulWidget({super.key});
  State<StatefulWidget> createState();
}

abstract class State<T extends StatefulWidget> {
  T get widget => throw UnsupportedError('types only');
  bool get mounted => false;
  BuildContext get context => throw UnsupportedError('types only');
  void initState() {}
  void dispose() {}
  void setState(VoidCallback fn) => fn();
  Widget build(BuildContext context);
}

enum AppLifecycleState { detached, resumed, inactive, hidden, paused }

mixin WidgetsBindingObserver {
  void didChangeAppLifecycleState(AppLifecycleState state) {}
}

abstract class WidgetsBinding {
  static WidgetsBinding get instance => throw UnsupportedError('types only');
  void addObserver(WidgetsBindingObserver observer);
  bool removeObserver(WidgetsBindingObserver observer);
}

abstract class Route<T> {
  bool get isActive => false;
}

class NavigatorState extends State<StatefulWidget> {
  Future<T?> push<T extends Object?>(Route<T> route) => throw UnsupportedError('types only');
  void removeRoute<T extends Object?>(Route<T> route, [T? result]) {}
  @override
  Widget build(BuildContext context) => throw UnsupportedError('types only');
}

void runApp(Widget app) {}

abstract class _Box extends Widget {
  const _Box({super.key});
}

class Text extends _Box {
  const Text(this.data, {super.key, this.style, this.textAlign});
  final String? data;
  final TextStyle? style;
  final TextAlign? textAlign;
}

class Image extends _Box {
  Image.memory(Uint8List bytes, {super.key, this.semanticLabel, this.fit});
  final String? semanticLabel;
  final BoxFit? fit;
}

class Semantics extends _Box {
  const Semantics({super.key, this.child, this.liveRegion});
  final Widget? child;
  final bool? liveRegion;
}

class ExcludeSemantics extends _Box {
  const ExcludeSemantics({super.key, this.excluding = true, this.child});
  final bool excluding;
  final Widget? child;
}

class IgnorePointer extends _Box {
  const IgnorePointer({super.key, this.ignoring = true, this.child});
  final bool ignoring;
  final Widget? child;
}

class Center extends _Box {
  const Center({super.key, this.child});
  final Widget? child;
}

class FractionallySizedBox extends _Box {
  const FractionallySizedBox({super.key, this.widthFactor, this.heightFactor, this.child});
  final double? widthFactor;
  final double? heightFactor;
  final Widget? child;
}

class AspectRatio extends _Box {
  const AspectRatio({super.key, required this.aspectRatio, this.child});
  final double aspectRatio;
  final Widget? child;
}

class DecoratedBox extends _Box {
  const DecoratedBox({super.key, required this.decoration, this.child});
  final Decoration decoration;
  final Widget? child;
}

class SafeArea extends _Box {
  const SafeArea({super.key, required this.child});
  final Widget child;
}

class Padding extends _Box {
  const Padding({super.key, required this.padding, this.child});
  final EdgeInsetsGeometry padding;
  final Widget? child;
}

class SizedBox extends _Box {
  const SizedBox({super.key, this.width, this.height, this.child});
  final double? width;
  final double? height;
  final Widget? child;
}

enum StackFit { loose, expand, passthrough }

class Stack extends _Box {
  const Stack({super.key, this.fit = StackFit.loose, this.children = const <Widget>[]});
  final StackFit fit;
  final List<Widget> children;
}

enum MainAxisAlignment { start, end, center, spaceBetween, spaceAround, spaceEvenly }

class Row extends _Box {
  const Row({super.key, this.mainAxisAlignment = MainAxisAlignment.start, this.children = const <Widget>[]});
  final MainAxisAlignment mainAxisAlignment;
  final List<Widget> children;
}

class Column extends _Box {
  const Column({super.key, this.mainAxisAlignment = MainAxisAlignment.start, this.children = const <Widget>[]});
  final MainAxisAlignment mainAxisAlignment;
  final List<Widget> children;
}

class Flexible extends _Box {
  const Flexible({super.key, this.flex = 1, required this.child});
  final int flex;
  final Widget child;
}

class Expanded extends Flexible {
  const Expanded({super.key, super.flex, required super.child});
}
