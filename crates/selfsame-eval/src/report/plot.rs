//! Plots as SVG that needs nothing else: readable alone, in a page, on a dark page, and by a screen reader.

use maud::{Markup, html};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 52.0;

/// Okabe and Ito's colours, told apart by people who see colours differently.
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555",
];

/// An axis: from one end to the other in the plot's own coordinates, with labels at some of them.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) ends: (f64, f64),
    pub(super) ticks: Vec<(f64, String)>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A line with a dot at each point.
    Dots,
    /// The value holds until the next point.
    Steps,
    /// Bars of the given x to the next point's x.
    Bars,
}

/// What is drawn.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) mark: Mark,
}

/// A plot.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) id: String,
    pub(super) title: String,
    /// A line below the title: what it is of, and `synthetic` where it is.
    pub(super) note: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
    /// Upright lines, such as thresholds.
    pub(super) uprights: Vec<(f64, String)>,
    /// Level lines.
    pub(super) levels: Vec<(f64, String)>,
}

impl Axis {
    /// A straight axis with round ticks.
    pub(super) fn straight(label: &str, low: f64, high: f64) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let rough = (high - low) / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|s| s * power)
            .find(|s| *s >= rough)
            .unwrap_or(rough);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let first = (low / step).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|n| {
            let at = n as f64 * step;
            (at, format!("{at:.decimals$}"))
        });
        Self {
            label: label.to_owned(),
            ends: (low, high),
            ticks: ticks.collect(),
        }
    }

    fn part(&self, at: f64) -> f64 {
        ((at - self.ends.0) / (self.ends.1 - self.ends.0)).clamp(0.0, 1.0)
    }
}

fn shown(number: f64) -> String {
    format!("{number:.1}")
}

impl Chart {
    /// Its file name without ending.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn x_of(&self, at: f64) -> f64 {
        LEFT + self.x.part(at) * (WIDTH - LEFT - RIGHT)
    }

    fn y_of(&self, at: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.part(at) * (HEIGHT - TOP - BOTTOM)
    }

    fn points(&self, points: &[(f64, f64)]) -> String {
        let each = points
            .iter()
            .map(|(x, y)| format!("{},{}", shown(self.x_of(*x)), shown(self.y_of(*y))));
        each.collect::<Vec<_>>().join(" ")
    }

    /// The plot as an SVG element.
    pub(super) fn svg(&self) -> Markup {
        let description = format!("{}. {} against {}.", self.note, self.y.label, self.x.label);
        let (floor, ceiling) = (HEIGHT - BOTTOM, TOP);
        html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
                aria-labelledby=(format!("{0}-title {0}-note", self.id)) font-family="system-ui, sans-serif" font-size="12" {
                title id=(format!("{}-title", self.id)) { (self.title) }
                desc id=(format!("{}-note", self.id)) { (description) }
                rect width=(WIDTH) height=(HEIGHT) fill="#ffffff" {}
                text x=(LEFT) y="20" font-size="15" font-weight="600" fill="#1a1a1a" { (self.title) }
                text x=(LEFT) y="37" fill="#555555" { (self.note) }
                @for (at, label) in &self.x.ticks {
                    line x1=(shown(self.x_of(*at))) x2=(shown(self.x_of(*at))) y1=(floor) y2=(ceiling) stroke="#e6e6e6" {}
                    text x=(shown(self.x_of(*at))) y=(floor + 17.0) text-anchor="middle" fill="#333333" { (label) }
                }
                @for (at, label) in &self.y.ticks {
                    line x1=(LEFT) x2=(WIDTH - RIGHT) y1=(shown(self.y_of(*at))) y2=(shown(self.y_of(*at))) stroke="#e6e6e6" {}
                    text x=(LEFT - 7.0) y=(shown(self.y_of(*at) + 4.0)) text-anchor="end" fill="#333333" { (label) }
                }
                text x=(shown((LEFT + WIDTH - RIGHT) / 2.0)) y=(HEIGHT - 12.0) text-anchor="middle" fill="#333333" { (self.x.label) }
                text x="15" y=(shown((floor + ceiling) / 2.0)) text-anchor="middle" fill="#333333"
                    transform=(format!("rotate(-90 15 {})", shown((floor + ceiling) / 2.0))) { (self.y.label) }
                @for (series, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
                    (self.drawn(series, colour))
                }
                @for (at, label) in &self.levels {
                    line x1=(LEFT) x2=(WIDTH - RIGHT) y1=(shown(self.y_of(*at))) y2=(shown(self.y_of(*at)))
                        stroke="#1a1a1a" stroke-dasharray="5 4" {}
                    text x=(WIDTH - RIGHT - 4.0) y=(shown(self.y_of(*at) - 5.0)) text-anchor="end" fill="#1a1a1a" { (label) }
                }
                @for ((at, label), row) in self.uprights.iter().zip(0..) {
                    line x1=(shown(self.x_of(*at))) x2=(shown(self.x_of(*at))) y1=(floor) y2=(ceiling)
                        stroke="#1a1a1a" stroke-dasharray="5 4" {}
                    @let near_end = self.x.part(*at) > 0.7;
                    text x=(shown(self.x_of(*at) + if near_end { -5.0 } else { 5.0 })) y=(ceiling + 30.0 + 15.0 * f64::from(row))
                        text-anchor=(if near_end { "end" } else { "start" }) fill="#1a1a1a" { (label) }
                }
                path d=(format!("M{LEFT} {ceiling}V{floor}H{}", WIDTH - RIGHT)) fill="none" stroke="#333333" {}
                (self.legend())
            }
        }
    }

    fn drawn(&self, series: &Series, colour: &str) -> Markup {
        html! {
            @match series.mark {
                Mark::Bars => {
                    @for pair in series.points.windows(2) {
                        @let ((x, y), (next, _)) = (pair[0], pair[1]);
                        @if y > 0.0 {
                            rect x=(shown(self.x_of(x))) y=(shown(self.y_of(y)))
                                width=(shown((self.x_of(next) - self.x_of(x)).max(0.5)))
                                height=(shown(HEIGHT - BOTTOM - self.y_of(y))) fill=(colour) fill-opacity="0.55" stroke=(colour) {}
                        }
                    }
                }
                Mark::Steps => {
                    @let corners: Vec<(f64, f64)> = series.points.windows(2)
                        .flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)])
                        .chain(series.points.last().copied()).collect();
                    polyline points=(self.points(&corners)) fill="none" stroke=(colour) stroke-width="2" {}
                }
                Mark::Dots => {
                    polyline points=(self.points(&series.points)) fill="none" stroke=(colour) stroke-width="2" {}
                    @for (x, y) in &series.points {
                        circle cx=(shown(self.x_of(*x))) cy=(shown(self.y_of(*y))) r="3" fill=(colour) {}
                    }
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        let mut at = LEFT;
        let places: Vec<f64> = self
            .series
            .iter()
            .map(|series| {
                let place = at;
                at += 30.0 + 6.6 * series.name.chars().count() as f64;
                place
            })
            .collect();
        html! {
            @if self.series.len() > 1 {
                @for ((series, colour), x) in self.series.iter().zip(COLOURS.iter().cycle()).zip(places) {
                    rect x=(shown(x)) y="44" width="12" height="8" fill=(colour) {}
                    text x=(shown(x + 17.0)) y="52" fill="#333333" { (series.name) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart {
            id: "x".to_owned(),
            title: "A & B".to_owned(),
            note: "synthetic".to_owned(),
            x: Axis::straight("score", 0.0, 1.0),
            y: Axis::straight("rate", 0.0, 0.5),
            series: vec![Series {
                name: "<one>".to_owned(),
                points: vec![(0.0, 0.0), (1.0, 0.5)],
                mark: Mark::Dots,
            }],
            uprights: vec![(0.5, "here".to_owned())],
            levels: Vec::new(),
        }
    }

    #[test]
    fn points_are_where_the_axes_say() {
        let chart = chart();
        assert_eq!((chart.x_of(0.0), chart.x_of(1.0)), (LEFT, WIDTH - RIGHT));
        assert_eq!((chart.y_of(0.0), chart.y_of(0.5)), (HEIGHT - BOTTOM, TOP));
        assert_eq!(chart.x_of(0.5), (LEFT + WIDTH - RIGHT) / 2.0);
        let svg = chart.svg().into_string();
        assert!(
            svg.contains(&format!(
                "points=\"{LEFT:.1},{:.1} {:.1},{TOP:.1}\"",
                HEIGHT - BOTTOM,
                WIDTH - RIGHT
            )),
            "{svg}"
        );
    }

    #[test]
    fn text_is_escaped_and_the_note_is_told() {
        let svg = chart().svg().into_string();
        assert!(
            svg.contains("A &amp; B") && svg.contains("synthetic"),
            "{svg}"
        );
    }

    #[test]
    fn ticks_are_round() {
        let labels: Vec<String> = Axis::straight("", -0.13, 0.97)
            .ticks
            .into_iter()
            .map(|t| t.1)
            .collect();
        assert_eq!(labels, ["0.0", "0.2", "0.4", "0.6", "0.8"]);
    }
}
