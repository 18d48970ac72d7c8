package dev.mailbell.cli.mail;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;

/**
 * A command as it was typed and what it printed.
 *
 * @param text both outputs, in their order
 * @param out the standard output alone
 */
record Typed(int code, String text, String out) {

    /** Runs a command without a terminal. */
    static Typed run(Function<Surroundings, Object> command, String input, String... arguments) {
        StringWriter text = new StringWriter();
        StringWriter standard = new StringWriter();
        PrintWriter both =
                new PrintWriter(text, true) {
                    @Override
                    public void write(String words, int offset, int length) {
                        super.write(words, offset, length);
                        standard.write(words, offset, length);
                    }

                    @Override
                    public void println() {
                        super.println();
                        standard.write(System.lineSeparator());
                    }
                };
        CommandLine line =
                new CommandLine(
                        command.apply(
                                new Surroundings(
                                        new ByteArrayInputStream(
                                                input.getBytes(StandardCharsets.UTF_8)),
                                        Map.of())));
        line.setOut(both);
        line.setErr(new PrintWriter(text, true));
        int code = line.execute(arguments);
        return new Typed(code, text.toString(), standard.toString());
    }
}
