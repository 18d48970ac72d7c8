package dev.mailbell.cli.emailengine;

import static dev.mailbell.cli.emailengine.ExportJson.isFalse;
import static dev.mailbell.cli.emailengine.ExportJson.isTrue;
import static dev.mailbell.cli.emailengine.ExportJson.text;

import dev.mailbell.cli.terminal.Printable;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Converts where and how EmailEngine connects. */
final class MailServer {
    private static final int TLS_PORT = 993;

    /** What is converted, and what TLS 1.2 and 1.3 with a checked name need not be told. */
    private static final Set<String> KNOWN_TLS =
            Set.of("rejectUnauthorized", "ca", "minVersion", "servername");

    private MailServer() {}

    static String requireHost(JsonNode imap) {
        String host = text(imap, "host");
        if (host.isEmpty()) {
            throw new NotCarriedException("it names no mail server");
        }
        return host;
    }

    /** Port, security and trust; the host is the login's to find. */
    static void connection(JsonNode imap, ObjectNode mail, List<String> notes) {
        mail.put("protocol", "imap");
        if (!text(imap, "host").isEmpty()) {
            JsonNode port = imap.path("port");
            boolean secure =
                    isTrue(imap, "secure")
                            || imap.path("secure").isMissingNode()
                                    && port.asInt(TLS_PORT) == TLS_PORT;
            if (port.isInt()) {
                mail.put("port", port.intValue());
            }
            mail.put("security", secure ? "tls" : "starttls");
        }
        trust(imap.path("tls"), mail, notes);
    }

    private static void trust(JsonNode tls, ObjectNode mail, List<String> notes) {
        if (isFalse(tls, "rejectUnauthorized")) {
            mail.withObject("/tls").put("verify", false);
            notes.add("any certificate of its server is accepted, as there");
        }
        String ca = text(tls, "ca");
        if (ca.startsWith("-----BEGIN CERTIFICATE-----")) {
            mail.withObject("/tls").put("caPem", ca);
        } else if (tls.has("ca")) {
            notes.add("imap.tls.ca is no PEM certificate and is not carried");
        }
        if (tls.has("servername")) {
            notes.add("the server's certificate must be for its host name (imap.tls.servername)");
        }
        Set<String> others = new TreeSet<>(tls.propertyNames());
        others.removeAll(KNOWN_TLS);
        if (!others.isEmpty()) {
            notes.add("not carried of imap.tls: " + Printable.of(String.join(", ", others)));
        }
    }
}
