package dev.mailbell.cli.terminal;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Rows under a line of titles. The widths are those of the first rows, so that a list of any length
 * is printed while it is read. On a terminal a line is not longer than the terminal is wide:
 * columns are left out and texts cut. A file or a pipe gets everything.
 */
public final class Table {
    private static final int MEASURED = 500;
    private static final String GAP = "  ";

    private final Terminal terminal;
    private final PrintWriter out;
    private final List<Column> columns;
    private final List<List<Cell>> waiting = new ArrayList<>();
    private int @Nullable [] widths;

    public Table(Terminal terminal, PrintWriter out, Column... columns) {
        this.terminal = terminal;
        this.out = out;
        this.columns = List.of(columns);
    }

    /** A text of others, and its colour on a terminal. */
    public record Cell(String text, Terminal.@Nullable Colour colour) {
        public Cell {
            text = Printable.of(text.isEmpty() ? "-" : text);
        }

        public static Cell of(String text) {
            return new Cell(text, null);
        }
    }

    public void row(String... cells) {
        row(List.of(cells).stream().map(Cell::of).toArray(Cell[]::new));
    }

    public void row(Cell... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException("a row has a cell for each column");
        }
        waiting.add(List.of(cells));
        if (widths != null || waiting.size() == MEASURED) {
            flush();
        }
    }

    /** Prints the rows that were held back to measure them. */
    public void flush() {
        if (widths == null) {
            widths = widths();
            line(
                    columns.stream().map(column -> Cell.of(column.title())).toList(),
                    text -> terminal.paint(Terminal.Colour.BOLD, text));
        }
        waiting.forEach(row -> line(row, null));
        waiting.clear();
        out.flush();
    }

    private void line(List<Cell> cells, @Nullable UnaryOperator<String> style) {
        int[] measured = widths == null ? widths() : widths;
        StringBuilder line = new StringBuilder();
        int last = columns.size() - 1;
        while (last > 0 && measured[last] == 0) {
            last--;
        }
        for (int i = 0; i <= last; i++) {
            if (measured[i] == 0) {
                continue;
            }
            Cell cell = cells.get(i);
            String text =
                    terminal.isTerminal() && (columns.get(i).least() > 0 || style != null)
                            ? DisplayWidth.cut(cell.text(), measured[i])
                            : cell.text();
            int width = DisplayWidth.of(text);
            if (style != null) {
                text = style.apply(text);
            } else if (cell.colour() != null) {
                text = terminal.paint(cell.colour(), text);
            }
            line.append(text);
            if (i < last) {
                line.repeat(' ', Math.max(0, measured[i] - width)).append(GAP);
            }
        }
        out.println(line);
    }

    /** Of each column; 0 for one that is left out. */
    private int[] widths() {
        int[] needed = new int[columns.size()];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = DisplayWidth.of(columns.get(i).title());
            for (List<Cell> row : waiting) {
                needed[i] = Math.max(needed[i], DisplayWidth.of(row.get(i).text()));
            }
        }
        if (terminal.isTerminal()) {
            leaveOut(needed);
            cut(needed);
        }
        return needed;
    }

    private void leaveOut(int[] widths) {
        for (int order = 1; order <= columns.size(); order++) {
            int total = 0;
            for (int i = 0; i < widths.length; i++) {
                total += widths[i] == 0 ? 0 : least(i, widths[i]) + GAP.length();
            }
            if (total - GAP.length() <= terminal.columns()) {
                return;
            }
            for (int i = 0; i < widths.length; i++) {
                if (columns.get(i).dropped() == order) {
                    widths[i] = 0;
                }
            }
        }
    }

    private int least(int column, int width) {
        int least = columns.get(column).least();
        return least == 0 ? width : Math.min(least, width);
    }

    /** Takes from the widest columns that may be cut. */
    private void cut(int[] widths) {
        int total = -GAP.length();
        for (int width : widths) {
            total += width == 0 ? 0 : width + GAP.length();
        }
        while (total > terminal.columns()) {
            int widest = -1;
            for (int i = 0; i < widths.length; i++) {
                if (widths[i] > least(i, widths[i]) && (widest < 0 || widths[i] > widths[widest])) {
                    widest = i;
                }
            }
            if (widest < 0) {
                return;
            }
            widths[widest]--;
            total--;
        }
    }
}
