//! Samples -> tables in Markdown.

use super::contender::Role;
use super::measure::{Measured, Sample};

/// Least, middle and most of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    least: f64,
    middle: f64,
    most: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(super) fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_by(f64::total_cmp);
        let half = numbers.len() / 2;
        let (least, most) = (*numbers.first()?, *numbers.last()?);
        let middle =
            if numbers.len() % 2 == 1 { numbers[half] } else { f64::midpoint(numbers[half - 1], numbers[half]) };
        Some(Self { least, middle, most })
    }

    /// The ratios of two commands, round by round.
    pub(super) fn of_ratios(above: &[Sample], below: &[Sample], what: impl Fn(&Sample) -> f64) -> Option<Self> {
        let pairs = above.iter().zip(below).filter(|(_, below)| what(below) > 0.0);
        Self::of(pairs.map(|(above, below)| what(above) / what(below)).collect())
    }

    pub(super) fn shown(self) -> String {
        let digits = if self.most < 100.0 { 2 } else { 0 };
        let Self { least, middle, most } = self;
        format!("{middle:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}

fn cell(spread: Option<Spread>) -> String {
    spread.map_or_else(|| "-".to_owned(), Spread::shown)
}

/// Prints what was measured, each beside lasthand and the floor of the same task. Gives whether everything worked.
///
/// `raw_bytes` are the uncompressed bytes of an image.
pub(super) fn print(title: &str, all: &[Measured], raw_bytes: impl Fn(&str) -> u64) -> bool {
    println!("\n### {title}\n");
    println!(
        "| reader | image | cores | CPU s | wall s | RSS MiB | CPU x lasthand | wall x lasthand | CPU x floor | CPU s a GB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for measured in all {
        let contender = &measured.contender;
        let cores = contender.cores.map_or_else(|| "all".to_owned(), |cores| cores.to_string());
        let front = format!("| {} | {} | {cores}", contender.name, contender.image);
        if let Some(failure) = &measured.failure {
            println!("{front} | failed: {} | | | | | | |", failure.replace('|', "/"));
            continue;
        }
        let samples = measured.samples.as_slice();
        let base = |role| {
            let of_role = |other: &&Measured| other.contender.role == role && other.contender.same_task(contender);
            all.iter().find(of_role).map_or(&[][..], |base| base.samples.as_slice())
        };
        let (lasthand, floor) = (base(Role::Lasthand), base(Role::Floor));
        let cpu = |sample: &Sample| sample.cpu_s;
        let wall = |sample: &Sample| sample.wall_s;
        let gigabytes = raw_bytes(contender.image) as f64 / 1e9;
        let own = |what: &dyn Fn(&Sample) -> f64| cell(Spread::of(samples.iter().map(what).collect()));
        let most_rss = samples.iter().map(|sample| sample.rss_mib).fold(0.0, f64::max);
        println!(
            "{front} | {} | {} | {most_rss:.0} | {} | {} | {} | {} |",
            own(&cpu),
            own(&wall),
            cell(Spread::of_ratios(samples, lasthand, cpu)),
            cell(Spread::of_ratios(samples, lasthand, wall)),
            cell(Spread::of_ratios(samples, floor, cpu)),
            own(&|sample| sample.cpu_s / gigabytes),
        );
    }
    all.iter().all(|measured| measured.failure.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        // pass: least, middle and most, in any order; nothing has none
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]), Some(Spread { least: 1.0, middle: 2.5, most: 4.0 }));
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).map(Spread::shown), Some("2.00 (1.00 to 3.00)".to_owned()));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // pass: both twice as slow in one round is no difference
        let sample = |cpu_s| Sample { cpu_s, wall_s: 1.0, rss_mib: 1.0 };
        let ratios = Spread::of_ratios(&[sample(1.0), sample(2.0)], &[sample(2.0), sample(4.0)], |sample| sample.cpu_s);
        assert_eq!(ratios, Some(Spread { least: 0.5, middle: 0.5, most: 0.5 }));
    }
}
