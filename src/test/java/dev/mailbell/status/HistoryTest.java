package dev.mailbell.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mailbell.status.History.Sums;
import java.util.List;
import org.junit.jupiter.api.Test;

class HistoryTest {
    /** The beginning of a point. */
    private static final long START = 1_700_000_010;

    private final History history = new History();

    private static Sums sums(double seconds, double checks, double pending, Double... posts) {
        return new Sums(seconds, checks, checks / 2, 0, 0, List.of(posts), pending, 0, 0);
    }

    @Test
    void a_point_has_what_was_added_in_its_thirty_seconds() {
        history.add(START, sums(100, 1_000, 0));
        history.add(START + 5, sums(105, 1_010, 7));
        history.add(START + 10, sums(110, 1_040, 3));
        history.add(START + 30, sums(130, 1_040, 1));
        List<Point> points = history.points(START + 30);
        assertThat(points).extracting(Point::at).containsExactly(START, START + 30);
        assertThat(points.getFirst().checks()).isEqualTo(40);
        assertThat(points.getFirst().failedChecks()).isEqualTo(20);
        assertThat(points.getFirst().seconds()).isEqualTo(10);
        assertThat(points.getFirst().oldestPending()).isEqualTo(7);
        assertThat(points.getFirst().perSecond(points.getFirst().checks())).isEqualTo(4);
        assertThat(points.getLast().checks()).isZero();
        assertThat(points.getLast().seconds()).isEqualTo(20);
    }

    @Test
    void what_is_older_than_an_hour_is_forgotten_and_never_more_is_kept() {
        for (int i = 0; i < 5_000; i++) {
            history.add(START + i * 5L, sums(i * 5.0, i, 0));
        }
        List<Point> points = history.points(START + 4_999 * 5L);
        assertThat(points).hasSizeBetween(History.POINTS, History.POINTS + 1);
        assertThat(points.getFirst().at()).isGreaterThan(START + 4_999 * 5L - 3_660);
        assertThat(history.points(START + 4_999 * 5L + 100_000)).isEmpty();
    }

    @Test
    void a_clock_that_steps_back_leaves_no_point_of_the_future() {
        history.add(START + 90, sums(1, 1, 0));
        history.add(START + 95, sums(6, 2, 0));
        history.add(START, sums(11, 3, 0));
        assertThat(history.points(START)).extracting(Point::at).containsExactly(START);
    }

    @Test
    void percentiles_lie_between_the_steps_of_the_histogram() {
        List<Double> steps = List.of(10.0, 100.0);
        history.add(START, sums(0, 0, 0, 0.0, 0.0, 0.0));
        history.add(START + 5, sums(5, 0, 0, 50.0, 90.0, 100.0));
        Point point = history.points(START + 5).getFirst();
        assertThat(point.postMillis(0.25, steps)).isCloseTo(5, within(0.001));
        assertThat(point.postMillis(0.7, steps)).isCloseTo(55, within(0.001));
        // Beyond the last step nothing is known but that it took longer.
        assertThat(point.postMillis(0.99, steps)).isEqualTo(100);
        assertThat(point.postMillis(0.5, List.of(1.0))).isNaN();
        history.add(START + 35, sums(35, 0, 0, 50.0, 90.0, 100.0));
        assertThat(history.points(START + 35).getLast().postMillis(0.5, steps)).isNaN();
    }

    @Test
    void points_of_nodes_add_up_and_those_of_times_follow_each_other() {
        Point one = new Point(START, 30, 60, 1, 5, 0, List.of(1.0, 2.0), 9, 1, 2);
        Point other = new Point(START, 20, 40, 0, 5, 0, List.of(1.0, 2.0), 4, 1, 2);
        assertThat(one.plus(other))
                .isEqualTo(new Point(START, 30, 100, 1, 10, 0, List.of(2.0, 4.0), 9, 2, 4));
        Point later = new Point(START + 30, 10, 40, 0, 5, 0, List.of(1.0, 2.0), 4, 1, 2);
        assertThat(one.then(later))
                .isEqualTo(new Point(START + 30, 40, 100, 1, 10, 0, List.of(2.0, 4.0), 4, 2, 4));
    }
}
