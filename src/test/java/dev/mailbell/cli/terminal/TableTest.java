package dev.mailbell.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class TableTest {
    private static final Column[] COLUMNS = {
        Column.whole("ID"), Column.text("ADDRESS", 8), Column.whole("CHECKED").droppedAs(1)
    };

    private static List<String> print(Terminal terminal, String[]... rows) {
        StringWriter text = new StringWriter();
        Table table = new Table(terminal, new PrintWriter(text), COLUMNS);
        for (String[] row : rows) {
            table.row(row);
        }
        table.flush();
        return text.toString().lines().toList();
    }

    private static Terminal wide(int columns) {
        return new Terminal(columns, false);
    }

    @Test
    void a_pipe_gets_everything() {
        assertThat(
                        print(
                                Terminal.NONE,
                                new String[] {"1", "a-rather-long-address@example.org", "today"},
                                new String[] {"22", "", "yesterday"}))
                .containsExactly(
                        "ID  ADDRESS                            CHECKED",
                        "1   a-rather-long-address@example.org  today",
                        "22  -                                  yesterday");
    }

    @Test
    void a_narrow_terminal_cuts_texts_and_then_leaves_columns_out() {
        String[] row = {"1", "a-rather-long-address@example.org", "yesterday"};
        assertThat(print(wide(30), row))
                .containsExactly("ID  ADDRESS          CHECKED", "1   a-rather-long-…  yesterday")
                .allMatch(line -> line.length() <= 30);
        assertThat(print(wide(20), row)).containsExactly("ID  ADDRESS", "1   a-rather-long-a…");
        // What must be shown whole is, whatever the width.
        assertThat(print(wide(1), new String[] {"0199a3c2-7a10", "ann@example.org", "x"}).get(1))
                .startsWith("0199a3c2-7a10");
    }

    @Test
    void wide_characters_count_twice_and_marks_not_at_all() {
        List<String> lines =
                print(
                        Terminal.NONE,
                        new String[] {"1", "你好@例子", "x"},
                        new String[] {"2", "e\u0301@b", "y"});
        assertThat(lines.get(1)).isEqualTo("1   你好@例子  x");
        assertThat(lines.get(2)).isEqualTo("2   e\u0301@b        y");
        assertThat(DisplayWidth.cut("你好你好", 5)).isEqualTo("你好…");
    }

    @Test
    void a_long_list_is_printed_while_it_is_read() {
        StringWriter text = new StringWriter();
        Table table = new Table(Terminal.NONE, new PrintWriter(text), COLUMNS);
        for (int i = 0; i < 499; i++) {
            table.row("id", "address", "x");
        }
        assertThat(text.toString()).isEmpty();
        table.row("id", "address", "x");
        assertThat(text.toString().lines()).hasSize(501);
        table.row("id", "longer than all before", "x");
        assertThat(text.toString().lines()).hasSize(502);
    }

    @Test
    void texts_of_others_keep_no_control_characters_and_colours_need_a_terminal() {
        Properties properties = new Properties();
        assertThat(Terminal.of("columns", properties, Map.of())).isEqualTo(Terminal.NONE);
        properties.setProperty("columns", "132");
        Terminal colours = Terminal.of("columns", properties, Map.of("TERM", "xterm"));
        assertThat(colours).isEqualTo(new Terminal(132, true));
        assertThat(Terminal.of("columns", properties, Map.of("TERM", "xterm", "NO_COLOR", "1")))
                .isEqualTo(new Terminal(132, false));
        assertThat(Terminal.of("columns", properties, Map.of("TERM", "dumb")).colour()).isFalse();
        properties.setProperty("columns", "nonsense");
        assertThat(Terminal.of("columns", properties, Map.of()).columns()).isEqualTo(80);

        StringWriter text = new StringWriter();
        Table table = new Table(colours, new PrintWriter(text), Column.whole("STATE"));
        table.row(new Table.Cell("bad\u001b[2J", Terminal.Colour.BAD));
        table.flush();
        assertThat(text.toString().lines().toList().get(1))
                .isEqualTo("\u001b[31mbad\\u001b[2J\u001b[0m");
        assertThat(TerminalSize.parse("50 132\n")).contains(new TerminalSize(50, 132));
        assertThat(TerminalSize.parse("0 0")).isEmpty();
        assertThat(TerminalSize.parse("stty: no")).isEmpty();
    }
}
