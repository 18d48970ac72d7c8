package dev.mailbell.mail.pop3.protocol;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a server says it can do (CAPA, RFC 2449).
 *
 * @param lines upper case, in the server's order; none when it has no CAPA
 */
public record Capabilities(List<String> lines) {
    public static final Capabilities NONE = new Capabilities(List.of());

    /** Behind a status or a line the rest of the list is waited for only so long. */
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private static final int LIMIT = 200;

    public Capabilities {
        lines = List.copyOf(lines);
    }

    /**
     * What CAPA was answered by.
     *
     * @param hasEnded whether the list had its final dot
     */
    public record Answer(Capabilities capabilities, boolean hasEnded) {}

    /**
     * Asks; no answer but a refusal is a failure only when it is no answer of POP3. Servers exist
     * that say {@code +OK} and then wait for the next command, and others that list what they can
     * do behind a refusal.
     *
     * @param patience how long a list without its end is waited for at most
     */
    public static Answer ask(Pop3Wire wire, Duration patience) {
        wire.send("CAPA");
        if (!wire.readReply().ok()) {
            wire.expectStrayLines();
            return new Answer(NONE, true);
        }
        return read(wire, patience.compareTo(PAUSE) < 0 ? patience : PAUSE);
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

    /** LOGIN-DELAY, RFC 2449, section 6.5; none when it is zero or no number. */
    public Optional<Duration> loginDelay() {
        return lines.stream()
                .map(line -> line.split("\\s+"))
                .filter(words ->
                        words.length > 1
                                && words[0].equals("LOGIN-DELAY")
                                && words[1].matches("[0-9]{1,6}"))
                .map(words -> Duration.ofSeconds(Integer.parseInt(words[1])))
                .filter(Duration::isPositive)
                .findFirst();
    }
}
