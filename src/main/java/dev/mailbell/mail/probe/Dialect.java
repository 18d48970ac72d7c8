package dev.mailbell.mail.probe;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.auth.PasswordMechanisms;
import dev.mailbell.mail.log.ProtocolLogLine;
import dev.mailbell.mail.log.ProtocolLogLine.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the log of a daemon's session says about the server. */
final class Dialect {
    private static final Pattern LOGIN =
            Pattern.compile(
                    "(?i)(?:(?!AUTH )\\S+ (LOGIN)|\\S+ AUTHENTICATE ([A-Z0-9_-]+)|AUTH"
                            + " ([A-Z0-9_-]+)|(PASS)|(APOP) \\S+)(?: .*)?");
    private static final Pattern CAPABILITY =
            Pattern.compile("(?i)(?:\\* |.*\\[)CAPABILITY ([^\\]]*)\\]?.*");
    private static final Pattern ID = Pattern.compile("(?i)\\* ID (.*)");

    private final Protocol protocol;
    private final List<ProtocolLogLine> lines;

    Dialect(Protocol protocol, List<ProtocolLogLine> lines) {
        this.protocol = protocol;
        this.lines = lines;
    }

    /** The first line of the server; empty for none. */
    String greeting() {
        return ofServer().findFirst().orElse("");
    }

    /** How the server identifies itself; empty for nothing. */
    String serverId() {
        return ofServer()
                .map(ID::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .filter(fields -> !fields.equalsIgnoreCase("NIL"))
                .findFirst()
                .orElse("");
    }

    /** What was tried to log in, in this order, each once. */
    List<String> logins() {
        return lines.stream()
                .filter(line -> line.side() == Side.CLIENT)
                .map(line -> LOGIN.matcher(line.text()))
                .filter(Matcher::matches)
                .map(Dialect::name)
                .distinct()
                .toList();
    }

    private static String name(Matcher login) {
        if (login.group(1) != null) {
            return "LOGIN (command)";
        }
        if (login.group(4) != null) {
            return "USER and PASS";
        }
        return Stream.of(login.group(2), login.group(3), login.group(5))
                .filter(name -> name != null)
                .findFirst()
                .orElseThrow()
                .toUpperCase(Locale.ROOT);
    }

    /** What the server offered before the login, the last time that it did. */
    List<String> offered() {
        return protocol == Protocol.IMAP ? imapOffers() : pop3Offers();
    }

    private List<String> imapOffers() {
        List<String> words = List.of();
        for (ProtocolLogLine line : lines) {
            if (line.side() == Side.CLIENT && LOGIN.matcher(line.text()).matches()) {
                return words;
            }
            Matcher capability = CAPABILITY.matcher(line.text());
            if (line.side() == Side.SERVER && capability.matches()) {
                words =
                        Arrays.asList(
                                capability.group(1).strip().toUpperCase(Locale.ROOT).split(" +"));
            }
        }
        return words;
    }

    private List<String> pop3Offers() {
        List<String> offers = new ArrayList<>();
        boolean listing = false;
        for (ProtocolLogLine line : lines) {
            if (line.side() == Side.CLIENT) {
                if (LOGIN.matcher(line.text()).matches() || line.text().startsWith("USER ")) {
                    return offers;
                }
                listing = line.text().equals("CAPA");
                if (listing) {
                    offers.clear();
                }
            } else if (line.side() == Side.SERVER && listing) {
                if (line.text().equals(".") || line.text().startsWith("-ERR")) {
                    listing = false;
                } else if (!line.text().startsWith("+OK")) {
                    offers.add(line.text().strip().toUpperCase(Locale.ROOT));
                }
            }
        }
        return offers;
    }

    /** The SASL mechanisms among these capabilities. */
    static List<String> mechanisms(Protocol protocol, List<String> offered) {
        return protocol == Protocol.IMAP
                ? offered.stream()
                        .filter(word -> word.startsWith("AUTH="))
                        .map(word -> word.substring("AUTH=".length()))
                        .toList()
                : offered.stream()
                        .filter(line -> line.startsWith("SASL "))
                        .flatMap(line -> Arrays.stream(line.split(" +")).skip(1))
                        .toList();
    }

    /** By what a password would be proven first over TLS; empty for nothing. */
    static List<String> expectedLogin(Protocol protocol, List<String> offered) {
        List<String> mechanisms = mechanisms(protocol, offered);
        if (protocol == Protocol.IMAP && !offered.contains("LOGINDISABLED")) {
            return List.of("LOGIN (command)");
        }
        if (protocol == Protocol.POP3 && (offered.contains("USER") || offered.isEmpty())) {
            return List.of("USER and PASS");
        }
        return mechanisms.contains(PasswordMechanisms.PLAIN)
                ? List.of(PasswordMechanisms.PLAIN)
                : PasswordMechanisms.besidesPlain(mechanisms::contains).stream().limit(1).toList();
    }

    private Stream<String> ofServer() {
        return lines.stream().filter(line -> line.side() == Side.SERVER).map(ProtocolLogLine::text);
    }
}
