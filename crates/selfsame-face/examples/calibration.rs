//! Learns a calibration of an embedder from many people's templates.
//!
//! `calibration TEMPLATES OUT [SHRINKAGE]` reads what the example `templates` wrote (`TEMPLATES.f32` and `TEMPLATES.csv`) of a
//! folder with one folder a person, and writes a calibration file: `selfcal1`, how many numbers a template has, how many rows
//! the matrix (0: none), both u32; the mean, then the matrix row by row, f32; all little-endian. A template is calibrated by
//! taking the mean away, multiplying by the matrix, and bringing what is left to length 1.
//!
//! The mean is over people: each counts alike, however many pictures there are. With a shrinkage (0 to 1) there is a matrix
//! that whitens how one person's pictures differ, brought so far towards the same in all directions.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::error::Error;

const USAGE: &str = "usage: calibration TEMPLATES OUT [SHRINKAGE]";

type Vector = Vec<f64>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let templates = arguments.next().ok_or(USAGE)?;
    let out = arguments.next().ok_or(USAGE)?;
    let shrinkage: Option<f64> = arguments.next().map(|s| s.parse()).transpose()?;
    let people = read(&templates)?;
    let length = people
        .values()
        .flatten()
        .map(Vec::len)
        .next()
        .ok_or("no picture has a template")?;
    let mean = mean(
        people
            .values()
            .map(|pictures| self::mean(pictures.iter().cloned(), length)),
        length,
    );
    let matrix = match shrinkage {
        Some(shrinkage) => whitening(&people, &mean, shrinkage)?,
        None => Vec::new(),
    };
    let mut bytes = b"selfcal1".to_vec();
    for count in [length, matrix.len()] {
        bytes.extend(u32::try_from(count)?.to_le_bytes());
    }
    for value in mean.iter().chain(matrix.iter().flatten()) {
        bytes.extend((*value as f32).to_le_bytes());
    }
    std::fs::write(&out, &bytes)?;
    println!(
        "{} people, {} pictures; the mean's length is {:.3}; {} rows",
        people.len(),
        people.values().map(Vec::len).sum::<usize>(),
        norm(&mean),
        matrix.len()
    );
    Ok(())
}

/// Each person's templates.
fn read(name: &str) -> Result<BTreeMap<String, Vec<Vector>>, Box<dyn Error>> {
    let table = std::fs::read_to_string(format!("{name}.csv"))?;
    let numbers = std::fs::read(format!("{name}.f32"))?;
    let rows: Vec<&str> = table.lines().skip(1).collect();
    let length = numbers.len() / 4 / rows.len().max(1);
    if length == 0 || numbers.len() != 4 * length * rows.len() {
        return Err(
            format!("{name}.f32 does not have a template for each line of {name}.csv").into(),
        );
    }
    let mut people: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    for (row, bytes) in rows.iter().zip(numbers.chunks_exact(4 * length)) {
        let file = row.split(',').next().unwrap_or_default();
        let (person, _) = file
            .rsplit_once('/')
            .ok_or_else(|| format!("{file} is in no person's folder"))?;
        let template: Vector = bytes
            .chunks_exact(4)
            .map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]])))
            .collect();
        if norm(&template) > 0.5 {
            people.entry(person.to_owned()).or_default().push(template);
        }
    }
    Ok(people)
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn mean(vectors: impl Iterator<Item = Vector>, length: usize) -> Vector {
    let mut sum = vec![0.0; length];
    let mut count = 0.0;
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(s, v)| *s += v);
        count += 1.0;
    }
    sum.iter_mut().for_each(|s| *s /= f64::max(count, 1.0));
    sum
}

/// The matrix that makes the differences between pictures of one person alike in all directions. Any matrix whose square is
/// the inverse of their covariance does: all compare alike. This is the inverse of its Cholesky factor.
fn whitening(
    people: &BTreeMap<String, Vec<Vector>>,
    mean: &[f64],
    shrinkage: f64,
) -> Result<Vec<Vector>, Box<dyn Error>> {
    let length = mean.len();
    let mut covariance = vec![vec![0.0; length]; length];
    let mut counted = 0.0;
    for pictures in people.values().filter(|p| p.len() > 1) {
        let centred: Vec<Vector> = pictures
            .iter()
            .map(|p| {
                let left: Vector = p.iter().zip(mean).map(|(v, m)| v - m).collect();
                let length = norm(&left);
                left.into_iter().map(|v| v / length).collect()
            })
            .collect();
        let middle = self::mean(centred.iter().cloned(), length);
        let each = 1.0 / (centred.len() as f64 - 1.0);
        for picture in &centred {
            let off: Vector = picture.iter().zip(&middle).map(|(v, m)| v - m).collect();
            for (row, a) in covariance.iter_mut().zip(&off) {
                row.iter_mut()
                    .zip(&off)
                    .for_each(|(cell, b)| *cell += each * a * b);
            }
        }
        counted += 1.0;
    }
    let trace: f64 = (0..length).map(|n| covariance[n][n] / counted).sum();
    let even = trace / length as f64;
    for (at, row) in covariance.iter_mut().enumerate() {
        for cell in row.iter_mut() {
            *cell *= (1.0 - shrinkage) / counted;
        }
        row[at] += shrinkage * even;
    }
    let factor = cholesky(&covariance)?;
    let mut inverse = invert(&factor);
    // As long as the vectors were, so that numbers stay of one size.
    inverse.iter_mut().flatten().for_each(|v| *v *= even.sqrt());
    Ok(inverse)
}

fn cholesky(matrix: &[Vector]) -> Result<Vec<Vector>, Box<dyn Error>> {
    let length = matrix.len();
    let mut factor = vec![vec![0.0; length]; length];
    for row in 0..length {
        for column in 0..=row {
            let known: f64 = (0..column)
                .map(|k| factor[row][k] * factor[column][k])
                .sum();
            let left = matrix[row][column] - known;
            factor[row][column] = if row == column {
                if left.is_nan() || left <= 0.0 {
                    return Err("too few pictures for a matrix: give a larger shrinkage".into());
                }
                left.sqrt()
            } else {
                left / factor[column][column]
            };
        }
    }
    Ok(factor)
}

/// The inverse of a lower triangle.
fn invert(lower: &[Vector]) -> Vec<Vector> {
    let length = lower.len();
    let mut inverse: Vec<Vector> = Vec::with_capacity(length);
    for (row, factors) in lower.iter().enumerate() {
        let mut line = vec![0.0; length];
        for (column, cell) in line.iter_mut().enumerate().take(row + 1) {
            let above = inverse.iter().zip(factors).skip(column);
            let known: f64 = above.map(|(line, factor)| factor * line[column]).sum();
            let one = f64::from(u8::from(row == column));
            *cell = (one - known) / factors[row];
        }
        inverse.push(line);
    }
    inverse
}
