package dev.mailbell.mail.transcript;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.text.SecretTraces;
import dev.mailbell.mail.text.ServerText;
import dev.mailbell.mail.transcript.TranscriptLine.Speaker;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Writes down what is said on the connections of one account. Only what is known to hold no secret
 * and nothing of a message is kept ({@link Dialogue}), in bounded space ({@link Lines}); in what is
 * shown every trace of the account's secrets is replaced, because a server may repeat them. Safe
 * for many threads.
 */
public final class Transcript {
    /** How many characters of a line are shown. */
    public static final int LONGEST_LINE = 400;

    private final LongSupplier nanoTime;
    private final long begun;
    private final List<String> secrets = new ArrayList<>();
    private final Lines lines = new Lines();
    private final Dialogue dialogue;

    /**
     * @param known texts that must not be shown
     */
    public Transcript(Protocol protocol, List<String> known, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
        secrets.addAll(known);
        Dialogue.Page page = (speaker, latin1) -> add(speaker, ServerText.decode(latin1));
        this.dialogue =
                switch (protocol) {
                    case IMAP -> new ImapDialogue(page);
                    case POP3 -> new Pop3Dialogue(page);
                };
    }

    /** A connection of this login is used: its secret must not be shown. */
    public synchronized void uses(Login login) {
        String secret =
                switch (login.credential()) {
                    case Credential.Password(String value) -> value;
                    case Credential.AccessToken(String value) -> value;
                };
        if (!secrets.contains(secret)) {
            secrets.add(secret);
        }
    }

    /** Octets are about to be sent. */
    public synchronized void sent(byte[] octets, int offset, int count) {
        dialogue.sent(octets, offset, count);
    }

    /** Octets were received. */
    public synchronized void received(byte[] octets, int offset, int count) {
        dialogue.received(octets, offset, count);
    }

    /** A connection is opened, or TLS begins on it. */
    public synchronized void restarts() {
        dialogue.restart();
    }

    /** Notes what is no part of the dialogue. */
    public synchronized void note(String text) {
        add(Speaker.NOTE, text);
    }

    private void add(Speaker speaker, String text) {
        lines.add(
                new TranscriptLine(
                        (nanoTime.getAsLong() - begun) / 1_000_000,
                        speaker,
                        ServerText.oneLine(text, LONGEST_LINE)));
    }

    /**
     * What is shown.
     *
     * @param omitted how many lines between the first and the last ones are left out
     */
    public record Shown(List<TranscriptLine> lines, long omitted) {
        public Shown {
            lines = List.copyOf(lines);
        }
    }

    /** The lines up to now. */
    public synchronized Shown shown() {
        dialogue.end();
        SecretTraces traces = new SecretTraces(secrets);
        return new Shown(
                lines.all().stream()
                        .map(line ->
                                new TranscriptLine(
                                        line.offsetMillis(),
                                        line.speaker(),
                                        traces.redact(line.text())))
                        .toList(),
                lines.omitted());
    }
}
