package dev.mailbell.cli.terminal;

import java.io.PrintWriter;
import java.util.List;

/**
 * A terminal that is written anew from its top, without flicker. What was on it before stays above.
 */
public final class Screen implements AutoCloseable {
    private static final String HIDE_CURSOR = "\u001b[?25l";
    private static final String SHOW_CURSOR = "\u001b[?25h";
    private static final String CLEAR = "\u001b[2J";
    private static final String TOP = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_REST = "\u001b[J";

    private final PrintWriter out;

    public Screen(PrintWriter out) {
        this.out = out;
        out.print(HIDE_CURSOR + CLEAR);
        out.flush();
    }

    /**
     * @param lines printable, with colours
     * @param rows how many the terminal has
     */
    public void show(List<String> lines, int rows) {
        out.print(TOP);
        for (String line : lines.subList(0, Math.min(lines.size(), Math.max(1, rows - 1)))) {
            out.print(line + CLEAR_LINE + "\n");
        }
        out.print(CLEAR_REST);
        out.flush();
    }

    @Override
    public void close() {
        out.print(SHOW_CURSOR);
        out.flush();
    }
}
