package dev.mailbell.mail.pop3.protocol;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The capabilities of a server (CAPA, RFC 2449).
 *
 * @param lines upper case, in the server's order; empty if it has no CAPA
 */
public record Capabilities(List<String> lines) {
    public static final Capabilities NONE = new Capabilities(List.of());

    private static final int LIMIT = 200;

    /** A longer delay would keep mail from being announced for days. */
    private static final Duration MAX_DELAY = Duration.ofDays(1);

    public Capabilities {
        lines = List.copyOf(lines);
    }

    /**
     * The answer to CAPA.
     *
     * @param hasEnded whether the list had its final dot
     */
    public record Answer(Capabilities capabilities, boolean hasEnded) {}

    /**
     * Sends CAPA; only an answer that is not POP3 is a failure. Some servers answer {@code +OK}
     * without a list, and others send their list after a refusal.
     *
     * @param patience the maximum time to wait for the end of the list
     */
    public static Answer ask(Pop3Wire wire, Duration patience) {
        wire.send("CAPA");
        if (!wire.readReply().ok()) {
            wire.expectStrayLines();
            return new Answer(NONE, true);
        }
        Duration pause = wire.silences().capability();
        return read(wire, patience.compareTo(pause) < 0 ? patience : pause);
    }

    private static Answer read(Pop3Wire wire, Duration pause) {
        List<String> lines = new ArrayList<>();
        while (wire.hasLine() || !wire.isQuietFor(pause)) {
            if (!wire.nextLine(true)) {
                return new Answer(new Capabilities(lines), true);
            }
            if (lines.size() == LIMIT) {
                throw wire.protocolError("lists more than " + LIMIT + " capabilities");
            }
            lines.add(wire.text(0).strip().toUpperCase(Locale.ROOT));
        }
        wire.expectStrayLines();
        return new Answer(new Capabilities(lines), false);
    }

    public boolean isEmpty() {
        return lines.isEmpty();
    }

    public boolean has(String name) {
        return lines.stream().anyMatch(line -> line.equals(name) || line.startsWith(name + " "));
    }

    public boolean pipelining() {
        return has("PIPELINING");
    }

    /** Whether a SASL mechanism is offered (RFC 5034). */
    public boolean sasl(String mechanism) {
        return mechanisms().contains(mechanism);
    }

    /** The SASL mechanisms that are offered, upper case. */
    public List<String> mechanisms() {
        return lines.stream()
                .filter(line -> line.startsWith("SASL "))
                .flatMap(line -> Arrays.stream(line.split("\\s+")).skip(1))
                .toList();
    }

    /** LOGIN-DELAY (RFC 2449, section 6.5), a day at most; empty if it is zero or no number. */
    public Optional<Duration> loginDelay() {
        return lines.stream()
                .map(line -> line.split("\\s+"))
                .filter(words ->
                        words.length > 1
                                && words[0].equals("LOGIN-DELAY")
                                && words[1].matches("[0-9]{1,6}"))
                .map(words ->
                        Duration.ofSeconds(
                                Math.min(MAX_DELAY.toSeconds(), Integer.parseInt(words[1]))))
                .filter(Duration::isPositive)
                .findFirst();
    }
}
