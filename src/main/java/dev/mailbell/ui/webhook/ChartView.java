package dev.mailbell.ui.webhook;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A chart of steps over time, as shapes in 600 × 120 units.
 *
 * @param now the figure of the whole time
 * @param label says in words what the chart shows
 * @param shapes the data of SVG paths, the one at the back first
 * @param top the value at the upper edge; null where the legend says it
 */
public record ChartView(
        String title,
        String now,
        String label,
        List<Shape> shapes,
        @Nullable String top,
        String from,
        String to) {
    public ChartView {
        shapes = List.copyOf(shapes);
    }

    /**
     * @param kind the class of the path
     * @param legend what it is
     */
    public record Shape(String kind, String legend, String path) {}
}
