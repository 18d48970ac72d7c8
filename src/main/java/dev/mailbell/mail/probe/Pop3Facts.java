package dev.mailbell.mail.probe;

import dev.mailbell.mail.Proof;
import dev.mailbell.mail.log.ProtocolLogLine;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which optional parts of POP3 a server has, by what it lists and by what it did. */
final class Pop3Facts {
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,6}");

    private Pop3Facts() {}

    /**
     * @param capabilities the lines of CAPA; empty where the server has none
     */
    static ProbeReport.Pop3 of(
            List<String> capabilities,
            ProbeReport.@Nullable Proofs proofs,
            List<ProtocolLogLine> said) {
        boolean byUids =
                proofs != null
                        && !proofs.counted().equals(Proof.HEADERS.wireName())
                        && !proofs.counted().equals(Proof.SIZES.wireName());
        String delay = argument(capabilities, "LOGIN-DELAY").split(" ", 2)[0];
        return new ProbeReport.Pop3(
                !capabilities.isEmpty(),
                byUids || has(capabilities, "UIDL"),
                has(capabilities, "TOP") || answered(said, "TOP "),
                has(capabilities, "PIPELINING"),
                argument(capabilities, "EXPIRE"),
                SECONDS.matcher(delay).matches() ? Long.parseLong(delay) : 0);
    }

    private static boolean has(List<String> capabilities, String name) {
        return capabilities.stream()
                .anyMatch(line -> line.equals(name) || line.startsWith(name + " "));
    }

    private static String argument(List<String> capabilities, String name) {
        return capabilities.stream()
                .filter(line -> line.startsWith(name + " "))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }

    /** Whether a command was sent and the next line of the server was +OK. */
    private static boolean answered(List<ProtocolLogLine> said, String command) {
        boolean sent = false;
        for (ProtocolLogLine line : said) {
            if (line.side() == ProtocolLogLine.Side.CLIENT) {
                sent = line.text().startsWith(command);
            } else if (sent && line.side() == ProtocolLogLine.Side.SERVER) {
                return line.text().startsWith("+OK");
            }
        }
        return false;
    }
}
