/// Stands in for package:flutter's Material widgets, as far as this package and its example use them. Types only.
library;

import 'widgets.dart';

export 'widgets.dart';

abstract final class Colors {
  static const black = Color(0xFF000000);
  static const white = Color(0xFFFFFFFF);
  static const white38 = Color(0x62FFFFFF);
}

class MaterialPageRoute<T> extends Route<T> {
  MaterialPageRoute({required Widget Function(BuildContext context) builder, bool fullscreenDialog = false});
}

class MaterialApp extends StatelessWidget {
  const MaterialApp({super.key, this.navigatorKey, this.home, this.title});
  final GlobalKey<NavigatorState>? navigatorKey;
  final Widget? home;
  final String? title;
  @override
  Widget build(BuildContext context) => throw UnsupportedError('types only');
}

class Scaffold extends StatelessWidget {
  const Scaffold({super.key, this.appBar, this.body, this.backgroundColor});
  final AppBar? appBar;
  final Widget? body;
  final Color? backgroundColor;
  @override
  Widget build(BuildContext context) => throw UnsupportedError('types only');
}

class AppBar extends StatelessWidget {
  const AppBar({super.key, this.title});
  final Widget? title;
  @override
  Widget build(BuildContext context) => throw UnsupportedError('types only');
}

class ButtonStyle {
  const ButtonStyle();
}

abstract class ButtonStyleButton extends StatelessWidget {
  const ButtonStyleButton({super.key, required this.onPressed, this.style, required this.child});
  final VoidCallback? onPressed;
  final ButtonStyle? style;
  final Widget? child;
  @override
  Widget build(BuildContext context) => throw UnsupportedError('types only');
}

class FilledButton extends ButtonStyleButton {
  const FilledButton({super.key, required super.onPressed, super.style, required super.child});
  static ButtonStyle styleFrom({
    Color? backgroundColor,
    Color? foregroundColor,
    Color? disabledBackgroundColor,
    Size? minimumSize,
  }) => const ButtonStyle();
}

class TextButton extends ButtonStyleButton {
  const TextButton({super.key, required super.onPressed, super.style, required Widget super.child});
  static ButtonStyle styleFrom({Color? foregroundColor, Size? minimumSize}) => const ButtonStyle();
}
