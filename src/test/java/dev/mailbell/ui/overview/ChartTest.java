package dev.mailbell.ui.overview;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.ui.overview.Chart.Line;
import dev.mailbell.ui.page.Show;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChartTest {
    private static Chart chart(Double... values) {
        return Chart.of("Checks", new Line("all", List.of(values)), null, Show::rate);
    }

    @Test
    void the_line_goes_from_the_oldest_to_the_latest_under_the_highest() {
        Chart chart = chart(0.0, 20.0, 10.0);
        assertThat(chart.line()).isEqualTo("M0.0 100.0L300.0 0.0L600.0 50.0");
        assertThat(chart.area()).isEqualTo("M0.0 100.0L300.0 0.0L600.0 50.0V100H0.0Z");
        assertThat(chart.now()).isEqualTo("10");
        assertThat(chart.most()).isEqualTo("20");
        assertThat(chart.summary()).isEqualTo("Checks in the last hour: 10 now, 20 at most");
    }

    @Test
    void where_nothing_was_measured_there_is_a_gap() {
        assertThat(chart(1.0, 1.0, Double.NaN, 1.0, Double.NaN).line())
                .isEqualTo("M0.0 0.0L150.0 0.0M450.0 0.0h2");
    }

    @Test
    void without_a_measurement_there_is_no_line() {
        Chart chart = chart(Double.NaN, Double.NaN);
        assertThat(chart.line()).isNull();
        assertThat(chart.now()).isEqualTo("–");
        assertThat(chart(0.0, 0.0).line()).isEqualTo("M0.0 100.0L600.0 100.0");
    }
}
