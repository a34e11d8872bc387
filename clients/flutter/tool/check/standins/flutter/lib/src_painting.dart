/// The part of the stand-in that tells how things look.
library;

class Color {
  const Color(this.value);
  final int value;
}

class Size {
  const Size(this.width, this.height);
  final double width;
  final double height;
}

enum TextAlign { left, right, center, justify, start, end }

class TextStyle {
  const TextStyle({this.color, this.fontSize});
  final Color? color;
  final double? fontSize;
}

enum BoxFit { fill, contain, cover, fitWidth, fitHeight, none, scaleDown }

abstract class EdgeInsetsGeometry {
  const EdgeInsetsGeometry();
}

class EdgeInsets extends EdgeInsetsGeometry {
  const EdgeInsets.all(double value);
  const EdgeInsets.fromLTRB(double left, double top, double right, double bottom);
}

abstract class Decoration {
  const Decoration();
}

abstract class ShapeBorder {
  const ShapeBorder();
}

class ShapeDecoration extends Decoration {
  const ShapeDecoration({required this.shape});
  final ShapeBorder shape;
}

class BorderSide {
  const BorderSide({this.color = const Color(0xFF000000), this.width = 1.0});
  final Color color;
  final double width;
}

class OvalBorder extends ShapeBorder {
  const OvalBorder({this.side = const BorderSide()});
  final BorderSide side;
}

class RoundedRectangleBorder extends ShapeBorder {
  const RoundedRectangleBorder({this.side = const BorderSide(), this.borderRadius = BorderRadius.zero});
  final BorderSide side;
  final BorderRadius borderRadius;
}

class Radius {
  const Radius.circular(double radius);
}

class BorderRadius {
  const BorderRadius.all(Radius radius);
  static const zero = BorderRadius.all(Radius.circular(0));
}
