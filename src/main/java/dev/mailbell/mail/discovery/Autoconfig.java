package dev.mailbell.mail.discovery;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.Host;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** The file in which a domain publishes its mail servers (Mozilla autoconfig, version 1.1). */
final class Autoconfig {
    private static final int MAX_SERVERS = 16;

    /** The ports of IMAP and POP3 with TLS from the first byte (RFC 8314). */
    private static final Set<Integer> TLS_PORTS = Set.of(993, 995);

    private Autoconfig() {}

    /** The locations of the file, in the order to try. */
    static List<URI> locations(MailAddress address) {
        String query = URLEncoder.encode(address.text(), StandardCharsets.UTF_8);
        return List.of(
                URI.create(
                        "https://autoconfig."
                                + address.domain()
                                + "/mail/config-v1.1.xml?emailaddress="
                                + query),
                URI.create(
                        "https://"
                                + address.domain()
                                + "/.well-known/autoconfig/mail/config-v1.1.xml"));
    }

    /**
     * The servers to use, by protocol; of one protocol those with TLS from the first byte, then
     * those with STARTTLS, in the order of the file. Servers in clear text are skipped.
     *
     * @return {@value #MAX_SERVERS} at most
     * @throws IOException when the file is not well-formed XML or contains a DTD
     */
    static List<Candidate> read(byte[] file, MailAddress address, Set<Protocol> protocols)
            throws IOException {
        List<Candidate> found = new ArrayList<>();
        NodeList servers = parse(file).getElementsByTagName("incomingServer");
        for (int i = 0; i < servers.getLength() && found.size() < MAX_SERVERS; i++) {
            if (servers.item(i) instanceof Element server) {
                for (Protocol protocol : protocols) {
                    if (server.getAttribute("type").equalsIgnoreCase(protocol.name())) {
                        server(server, address)
                                .map(it -> Candidate.of(protocol, it, auth(server)))
                                .ifPresent(found::add);
                    }
                }
            }
        }
        found.sort(
                Comparator.comparing(Candidate::protocol)
                        .thenComparing(it -> it.server().security()));
        return found;
    }

    /** The file's words, from its first and later versions; others are no login by Mailbell. */
    private static List<Candidate.Auth> auth(Element server) {
        EnumSet<Candidate.Auth> auth = EnumSet.noneOf(Candidate.Auth.class);
        NodeList named = server.getElementsByTagName("authentication");
        for (int i = 0; i < named.getLength(); i++) {
            switch (named.item(i).getTextContent().strip().toLowerCase(Locale.ROOT)) {
                case "oauth2" -> auth.add(Candidate.Auth.OAUTH2);
                case "password-cleartext", "plain", "password-encrypted", "secure" ->
                        auth.add(Candidate.Auth.PASSWORD);
                default -> {
                    // Kerberos, NTLM, client certificates: nothing that an account can have.
                }
            }
        }
        return List.copyOf(auth);
    }

    private static Optional<Discovered.Found> server(Element server, MailAddress address) {
        String username = fill(text(server, "username"), address);
        try {
            Host host = Host.of(fill(text(server, "hostname"), address));
            int port = Integer.parseInt(text(server, "port"));
            Optional<Security> security = security(text(server, "socketType"), port);
            boolean plain = username.chars().anyMatch(Character::isISOControl);
            return security.map(chosen ->
                    new Discovered.Found(
                            host.toString(),
                            port,
                            chosen,
                            username.isEmpty() || plain ? address.text() : username,
                            Discovered.Source.AUTOCONFIG));
        } catch (IllegalArgumentException e) {
            // An entry without a valid host or port is skipped.
            return Optional.empty();
        }
    }

    /** Whether a port has TLS from the first byte. */
    static boolean hasTls(int port) {
        return TLS_PORTS.contains(port);
    }

    /** Some files say STARTTLS, or just TLS, of a port that has TLS from the first byte. */
    private static Optional<Security> security(String socketType, int port) {
        return switch (socketType.toUpperCase(Locale.ROOT)) {
            case "SSL" -> Optional.of(Security.TLS);
            case "STARTTLS", "TLS", "SSL/TLS" ->
                    Optional.of(hasTls(port) ? Security.TLS : Security.STARTTLS);
            default -> Optional.empty();
        };
    }

    private static String fill(String template, MailAddress address) {
        return template.replace("%EMAILADDRESS%", address.text())
                .replace("%EMAILLOCALPART%", address.local())
                .replace("%EMAILDOMAIN%", address.domain());
    }

    private static String text(Element server, String name) {
        NodeList found = server.getElementsByTagName(name);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent().strip();
    }

    private static Document parse(byte[] file) throws IOException {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
        try {
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            // Without a DTD there are neither external entities nor entity expansion.
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            DocumentBuilder builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(new ByteArrayInputStream(file));
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("this Java cannot parse XML safely", e);
        } catch (SAXException e) {
            throw new IOException("the autoconfig file is not acceptable XML", e);
        }
    }
}
