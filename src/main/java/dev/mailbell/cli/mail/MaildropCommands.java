package dev.mailbell.cli.mail;

import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.maildrop.AttachmentSaver;
import dev.mailbell.mail.maildrop.Maildrop;
import dev.mailbell.mail.maildrop.MessageReader;
import dev.mailbell.mail.maildrop.ShownMessage;
import dev.mailbell.mail.text.ServerText;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The commands of {@code recv}. For one thread. */
final class MaildropCommands implements AutoCloseable {
    private static final int TOP_LIMIT = 1 << 20;
    private static final int TOP_LINES = 2_000;
    private static final int SHOWN = 200;

    private final Maildrop maildrop;
    private final Limits limits;
    private final MailOutput output;
    private final BufferedReader input;
    private final boolean json;
    private final Scratch scratch = new Scratch();

    /**
     * What the options allow.
     *
     * @param octets the largest message to read
     * @param saver null to save nothing
     */
    record Limits(long octets, boolean mayDelete, @Nullable AttachmentSaver saver) {}

    MaildropCommands(
            Maildrop maildrop,
            Limits limits,
            MailOutput output,
            BufferedReader input,
            boolean json) {
        this.maildrop = maildrop;
        this.limits = limits;
        this.output = output;
        this.input = input;
        this.json = json;
    }

    static List<String> secrets(Login login) {
        return switch (login.credential()) {
            case Credential.Password(String password) -> List.of(password);
            case Credential.AccessToken(String token) -> List.of(token);
        };
    }

    /** Runs one command and ends the session; returns the exit code. */
    int once(MaildropCommand command) throws IOException {
        boolean done;
        try {
            done = run(command);
        } catch (Maildrop.RefusedException e) {
            quit();
            throw e;
        }
        quit();
        return done ? 0 : ExitCodes.FAILED;
    }

    /** Asks for commands until quit or the end of the input; returns the exit code. */
    int interactive() throws IOException {
        run(new MaildropCommand(MaildropCommand.Verb.STAT, 0, 0));
        while (true) {
            output.out().print("> ");
            output.out().flush();
            String line = input.readLine();
            if (line == null) {
                output.out().println();
                quit();
                return 0;
            }
            if (line.isBlank()) {
                continue;
            }
            try {
                MaildropCommand command = MaildropCommand.parse(line, limits.mayDelete());
                if (command.verb() == MaildropCommand.Verb.QUIT) {
                    quit();
                    return 0;
                }
                run(command);
            } catch (UsageException | Maildrop.RefusedException e) {
                output.out().println(e.getMessage());
            }
        }
    }

    /** Returns whether it was done. */
    private boolean run(MaildropCommand command) throws IOException {
        switch (command.verb()) {
            case STAT -> stat();
            case LIST ->
                    print(
                            maildrop.list().stream()
                                    .filter(entry -> isAsked(command, entry.number()))
                                    .toList(),
                            entry -> "%6d  %,12d octets".formatted(entry.number(), entry.octets()));
            case UIDL ->
                    print(
                            maildrop.uids().stream()
                                    .filter(entry -> isAsked(command, entry.number()))
                                    .toList(),
                            entry -> "%6d  %s".formatted(entry.number(), entry.uid()));
            case TOP -> top(command);
            case SHOW -> show(command.number());
            case DELETE -> {
                return delete(command.number());
            }
            case RESET -> {
                maildrop.reset();
                output.out().println("No message is marked any more.");
            }
            case HELP -> output.out().println(MaildropCommand.HELP);
            case QUIT -> {}
        }
        output.out().flush();
        return true;
    }

    private static boolean isAsked(MaildropCommand command, int number) {
        return command.number() == 0 || command.number() == number;
    }

    private <T> void print(List<T> entries, Function<T, String> line) {
        if (json) {
            output.json(entries);
        } else {
            entries.forEach(entry -> output.out().println(line.apply(entry)));
        }
    }

    private void stat() {
        Maildrop.Stat stat = maildrop.stat();
        if (json) {
            output.json(stat);
        } else {
            output.out()
                    .printf(
                            "%d %s, %,d octets%n",
                            stat.messages(),
                            stat.messages() == 1 ? "message" : "messages",
                            stat.octets());
        }
    }

    private void top(MaildropCommand command) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        maildrop.top(command.number(), command.lines(), octets, TOP_LIMIT);
        String text =
                ServerText.severalLines(
                        ServerText.decode(octets.toByteArray(), 0, octets.size()), TOP_LINES);
        if (json) {
            output.json(Map.of("text", text));
        } else {
            output.out().println(text);
        }
    }

    private void show(int number) throws IOException {
        try {
            try (OutputStream out = new BufferedOutputStream(scratch.create())) {
                maildrop.retrieve(number, out, limits.octets());
            }
            ShownMessage message = MessageReader.read(scratch.file(), limits.saver());
            if (json) {
                output.json(message);
            } else {
                print(message);
            }
        } finally {
            scratch.clear();
        }
    }

    private void print(ShownMessage message) {
        PrintWriter out = output.out();
        message.headers().forEach(header -> out.println(header.name() + ": " + header.value()));
        out.println();
        out.println(message.text());
        int number = 0;
        for (ShownMessage.Attachment attachment : message.attachments()) {
            out.printf(
                    "[%d] %s (%s, %,d octets)%s%n",
                    ++number,
                    attachment.name().isEmpty() ? "without a name" : attachment.name(),
                    attachment.type(),
                    attachment.octets(),
                    attachment.saved() == null ? "" : " saved as " + attachment.saved());
        }
        message.remarks().forEach(remark -> out.println("Note: " + remark));
    }

    /** Asks, and marks the message; returns whether it is marked. */
    private boolean delete(int number) throws IOException {
        output.out().printf("Delete message %d%s for good? [y/N] ", number, described(number));
        output.out().flush();
        String answer = input.readLine();
        if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).matches("y|yes")) {
            output.out().println("Message " + number + " stays.");
            output.out().flush();
            return false;
        }
        maildrop.delete(number);
        output.out().println("Message " + number + " will be deleted at the end.");
        output.out().flush();
        return true;
    }

    /** From and subject of a message, so that the right one is deleted; empty without TOP. */
    private String described(int number) throws IOException {
        try {
            try (OutputStream out = scratch.create()) {
                maildrop.top(number, 0, out, TOP_LIMIT);
            }
            List<String> shown =
                    MessageReader.read(scratch.file(), null).headers().stream()
                            .filter(header -> List.of("From", "Subject").contains(header.name()))
                            .map(ShownMessage.Header::value)
                            .toList();
            return " (" + ServerText.oneLine(String.join(": ", shown), SHOWN) + ")";
        } catch (Maildrop.RefusedException e) {
            return "";
        } finally {
            scratch.clear();
        }
    }

    @Override
    public void close() throws IOException {
        scratch.close();
    }

    private void quit() {
        int marked = maildrop.marked();
        try {
            String answer = maildrop.quit();
            if (marked > 0) {
                output.out().println(marked + " deleted. The server said: " + answer);
            }
        } catch (MailFailure e) {
            if (marked > 0) {
                throw new MailFailure(
                        e.code(),
                        "the server did not confirm that "
                                + marked
                                + " messages are deleted: "
                                + e.reason(),
                        e);
            }
            // Nothing was to be done at the end.
            output.err().println("mailbell: " + e.reason());
        }
        output.out().flush();
    }
}
