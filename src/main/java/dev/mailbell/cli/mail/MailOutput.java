package dev.mailbell.cli.mail;

import dev.mailbell.mail.log.ProtocolLog;
import dev.mailbell.mail.log.ProtocolLogLine;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Where a command prints to. Texts of servers were made printable where they were read. */
final class MailOutput {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final CommandSpec spec;

    MailOutput(CommandSpec spec) {
        this.spec = spec;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    void json(Object value) {
        out().println(JSON.writeValueAsString(value));
        out().flush();
    }

    /** Prints why the command fails; returns the exit code. */
    int failed(int code, String message) {
        err().println("mailbell: " + message);
        err().flush();
        return code;
    }

    /** A log whose lines are printed to the standard error if they are wanted. */
    ProtocolLog protocolLog(List<String> secrets, boolean verbose) {
        return new ProtocolLog(secrets, System::nanoTime, verbose ? printing() : line -> {});
    }

    Consumer<ProtocolLogLine> printing() {
        PrintWriter err = err();
        return line -> {
            err.println(line);
            err.flush();
        };
    }
}
