//! A picture printed on paper: four inks in rotated screens, the paper's own texture, margins, and gloss.

use chacha20::ChaCha8Rng;
use image::{ImageBuffer, Rgb32FImage, Rgba};
use rand::RngExt as _;

use super::light::{Colour, smooth_step};
use super::texture::{clouds, speckle};

/// What full cover of cyan, magenta, yellow and black ink lets through of red, green and blue. Real inks are impure: this
/// is where the reduced gamut is from.
const INKS: [Colour; 4] = [
    [0.06, 0.42, 0.68],
    [0.60, 0.06, 0.26],
    [0.88, 0.74, 0.07],
    [0.05, 0.05, 0.05],
];

/// Sine and cosine of the screens' usual angles, 15, 75, 0 and 45 degrees: so they disturb each other least.
const TURNS: [(f32, f32); 4] = [
    (0.258_819, 0.965_926),
    (0.965_926, 0.258_819),
    (0.0, 1.0),
    (
        std::f32::consts::FRAC_1_SQRT_2,
        std::f32::consts::FRAC_1_SQRT_2,
    ),
];

/// The lightest black that paper and inks give: pictures are brought into that range before they are printed.
const BLACK: f32 = 0.03;

/// How much of grey is printed with black ink.
const BLACK_SHARE: f32 = 0.75;

/// A print. Lengths in centimetres from the picture's upper left corner.
#[derive(Debug, Clone)]
pub(super) struct Print {
    /// How much of each ink is to cover the paper, at each pixel of the picture.
    covers: ImageBuffer<Rgba<f32>, Vec<f32>>,
    /// The picture's width and height.
    pub(super) size: (f32, f32),
    /// White paper around the picture.
    pub(super) margin: f32,
    paper: Colour,
    screen: Screen,
    /// How strongly ink spreads: the middle tones get darker.
    dot_gain: f32,
    roughness: f32,
    seed: u64,
}

/// How ink is laid.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Screen {
    /// Round dots on a grid, that many for each centimetre: a laser printer or a press.
    Dots(f32),
    /// Dots without a grid, that many places for each centimetre: an inkjet printer.
    Scattered(f32),
}

/// On what and with what it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stock {
    /// A laser printer on office paper.
    Office,
    /// An inkjet printer on photo paper.
    Photo,
}

impl Print {
    /// Prints a picture that wide.
    pub(super) fn new(
        rng: &mut ChaCha8Rng,
        picture: &Rgb32FImage,
        width: f32,
        stock: Stock,
    ) -> Self {
        let tint = rng.random_range(-0.02..0.02);
        let white = match stock {
            Stock::Office => rng.random_range(0.74..0.84),
            Stock::Photo => rng.random_range(0.86..0.93),
        };
        Self {
            covers: ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
                Rgba(separate(picture.get_pixel(x, y).0))
            }),
            size: (
                width,
                width * picture.height() as f32 / picture.width() as f32,
            ),
            margin: match stock {
                Stock::Office => rng.random_range(0.8..2.0),
                Stock::Photo => rng.random_range(0.0..0.6),
            },
            paper: [white + tint, white, white - tint],
            // 85 to 133 lines an inch, and 720 dots an inch.
            screen: match stock {
                Stock::Office => Screen::Dots(rng.random_range(33.0..52.0)),
                Stock::Photo => Screen::Scattered(283.0),
            },
            dot_gain: match stock {
                Stock::Office => rng.random_range(0.02..0.10),
                Stock::Photo => rng.random_range(0.0..0.03),
            },
            roughness: match stock {
                Stock::Office => 0.05,
                Stock::Photo => 0.012,
            },
            seed: rng.random(),
        }
    }

    /// Whether the sheet reaches there.
    pub(super) fn covers(&self, u: f32, v: f32) -> bool {
        let within = |at: f32, size: f32| (-self.margin..size + self.margin).contains(&at);
        within(u, self.size.0) && within(v, self.size.1)
    }

    /// What part of the light the sheet gives back there.
    pub(super) fn reflectance(&self, u: f32, v: f32) -> Colour {
        // Fibres a tenth of a millimetre thick, and cloudiness of a few millimetres.
        let fibre = clouds(u * 60.0, v * 60.0, self.seed) + clouds(u * 4.0, v * 4.0, self.seed ^ 1);
        let paper = self
            .paper
            .map(|p| p * (1.0 + self.roughness * (fibre - 1.0)));
        let (x, y) = (u / self.size.0, v / self.size.1);
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return paper;
        }
        let at = |part: f32, pixels: u32| (part * pixels as f32).min(pixels as f32 - 1.0) as u32;
        let (width, height) = self.covers.dimensions();
        let Rgba(cover) = *self.covers.get_pixel(at(x, width), at(y, height));
        let mut light = paper;
        for (((ink, turn), cover), n) in INKS.iter().zip(TURNS).zip(cover).zip(2..) {
            let cover = cover + self.dot_gain * 4.0 * cover * (1.0 - cover) * 0.5;
            let laid = self.laid(u, v, (turn, n), cover);
            for (light, through) in light.iter_mut().zip(ink) {
                *light *= 1.0 - laid * (1.0 - through);
            }
        }
        light
    }

    /// How much of a point is covered by an ink that is to cover `cover` of its surroundings.
    fn laid(&self, u: f32, v: f32, ((sin, cos), ink): ((f32, f32), u64), cover: f32) -> f32 {
        match self.screen {
            Screen::Dots(ruling) => {
                let (x, y) = (ruling * (u * cos - v * sin), ruling * (u * sin + v * cos));
                // 0 where the dot starts, 1 where the last white is closed.
                let rank = rank_of(0.5 - 0.25 * (wave(x) + wave(y)));
                smooth_step(rank - 0.12, rank + 0.12, cover + (cover - 0.5) * 0.24)
            }
            Screen::Scattered(places) => {
                let seed = self.seed ^ ink;
                let rank = speckle((u * places) as i64, (v * places) as i64, seed);
                // Light inks and small drops: within one place the cover is nearly right already.
                cover + 0.8 * (rank - 0.5) * cover * (1.0 - cover)
            }
        }
    }
}

/// The cosine of a whole turn times `t`, to a thousandth: two parabolas, corrected. It is drawn millions of times.
fn wave(t: f32) -> f32 {
    let t = t + 0.25;
    let x = t - t.round();
    let rough = x * (8.0 - 16.0 * x.abs());
    0.225 * (rough * rough.abs() - rough) + rough
}

/// The part of a cell of cosines that lies below a value, nearly: dots of that size then cover what they should.
fn rank_of(value: f32) -> f32 {
    let centred = 2.0 * value - 1.0;
    let left = (1.0 - centred.abs()).max(0.0);
    0.5 + 0.5 * centred.signum() * (1.0 - left * left.sqrt())
}

/// How much of each ink is to cover the paper, as a printer that knows its inks works it out.
fn separate(colour: Colour) -> [f32; 4] {
    let wanted = colour.map(|v| BLACK + (1.0 - BLACK) * v.clamp(0.0, 1.0));
    let most = wanted.iter().fold(0.0f32, |most, v| most.max(*v));
    let mut cover = [0.0, 0.0, 0.0, BLACK_SHARE * (1.0 - most)];
    // Each ink takes away a little of what is another's to take: correct each for what all of them let through.
    for _ in 0..4 {
        for n in 0..3 {
            let through = |ink: usize| 1.0 - cover[ink] * (1.0 - INKS[ink][n]);
            let others: f32 = (0..4).filter(|ink| *ink != n).map(through).product();
            let own = (wanted[n] / others).clamp(INKS[n][n], 1.0);
            cover[n] = (1.0 - own) / (1.0 - INKS[n][n]);
        }
    }
    cover
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use rand::SeedableRng as _;

    use super::*;

    fn mean(print: &Print) -> Colour {
        let mut sum = [0.0; 3];
        for n in 0..10_000 {
            let (u, v) = (
                1.0 + (n % 100) as f32 * 0.011,
                1.0 + (n / 100) as f32 * 0.013,
            );
            for (sum, value) in sum.iter_mut().zip(print.reflectance(u, v)) {
                *sum += value / 10_000.0;
            }
        }
        sum
    }

    fn printed(colour: Colour, stock: Stock) -> Print {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let picture = Rgb32FImage::from_pixel(30, 40, Rgb(colour));
        Print::new(&mut rng, &picture, 9.0, stock)
    }

    #[test]
    fn tones_are_kept_from_a_distance_but_never_whiter_than_paper_nor_as_black_as_black() {
        for stock in [Stock::Office, Stock::Photo] {
            let tones: Vec<f32> = [0.0, 0.1, 0.3, 0.6, 1.0]
                .map(|g| mean(&printed([g; 3], stock))[1])
                .into();
            assert!(tones.windows(2).all(|w| w[0] < w[1]), "{tones:?}");
            assert!(tones[0] > 0.002 && tones[4] < 0.95, "{tones:?}");
            assert!((0.12..0.35).contains(&tones[2]), "{tones:?}");
        }
    }

    #[test]
    fn the_quick_wave_is_a_cosine() {
        for n in -3000..3000 {
            let t = n as f32 / 1000.0;
            assert!(
                (wave(t) - (std::f32::consts::TAU * t).cos()).abs() < 2e-3,
                "{t}"
            );
        }
    }

    #[test]
    fn a_pure_colour_comes_out_paler() {
        let [r, g, b] = mean(&printed([0.02, 0.02, 0.9], Stock::Photo));
        assert!(b > r && b > g, "{r} {g} {b}");
        assert!(b < 0.7, "{b}");
    }

    #[test]
    fn an_office_print_has_dots_and_margins() {
        let print = printed([0.4; 3], Stock::Office);
        let values: Vec<f32> = (0..400)
            .map(|n| print.reflectance(3.0 + n as f32 * 0.002, 3.0)[1])
            .collect();
        let (low, high) = values
            .iter()
            .fold((1f32, 0f32), |(l, h), v| (l.min(*v), h.max(*v)));
        assert!(high - low > 0.2, "{low} {high}");
        assert!(print.covers(-0.5, -0.5) && !print.covers(-3.0, 1.0));
        assert!(print.reflectance(-0.5, 2.0)[1] > 0.65);
    }
}
