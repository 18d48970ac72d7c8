package dev.mailbell.mail.smtp;

import dev.mailbell.mail.connection.LimitedSocket;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPTransport;

/**
 * Angus's SMTP over a {@link LimitedSocket}, which has the limits and does TLS. It remembers how
 * far the dialogue came, because that decides whether the server may have accepted the message.
 */
final class SmtpDialogue extends SMTPTransport {
    /**
     * Angus logs by the name of this package, and says on the standard error that a server lacks
     * SMTPUTF8, which is checked here. A constant, because a logger that is not held loses its
     * level.
     */
    private static final Logger OF_ANGUS = Logger.getLogger(SmtpDialogue.class.getPackageName());

    static {
        OF_ANGUS.setLevel(Level.WARNING);
    }

    private static final String RECIPIENT = "RCPT TO:";

    /** How far the dialogue came. */
    enum Phase {
        OPENING,
        SENDING,
        /** The end of the message was sent, and not answered. */
        ENDED,
        ACCEPTED
    }

    /** An answer as Angus gives it: octets as characters of ISO 8859-1; code -1 for none. */
    record Answer(int code, String text) {
        boolean isPositive() {
            return code >= 200 && code < 300;
        }
    }

    private final List<Answer> recipients = new ArrayList<>();
    private Phase phase = Phase.OPENING;
    private boolean aboutRecipient;
    private Answer end = new Answer(-1, "");

    SmtpDialogue(Session session) {
        super(session, new URLName("smtp", null, -1, null, null, null));
    }

    /** The properties of a session for dialogues of this kind. */
    static Properties properties(LimitedSocket socket, boolean startTls, boolean utf8) {
        Properties properties = new Properties();
        properties.put("mail.smtp.sendpartial", "true");
        properties.put("mail.smtp.auth", "false");
        properties.put("mail.smtp.starttls.enable", String.valueOf(startTls));
        properties.put("mail.smtp.starttls.required", String.valueOf(startTls));
        properties.put("mail.smtp.ssl.socketFactory", new Upgrade());
        properties.put("mail.mime.allowutf8", String.valueOf(utf8));
        // Otherwise Angus looks up the name of this machine.
        String local = socket.getLocalAddress().getHostAddress();
        properties.put(
                "mail.smtp.localhost", local.indexOf(':') < 0 ? "[" + local + "]" : ipv6(local));
        return properties;
    }

    private static String ipv6(String address) {
        int scope = address.indexOf('%');
        return "[IPv6:" + (scope < 0 ? address : address.substring(0, scope)) + "]";
    }

    Phase phase() {
        return phase;
    }

    /** The answers to RCPT, in the order of the recipients. */
    List<Answer> recipients() {
        return List.copyOf(recipients);
    }

    /** The answer to the end of the message. */
    Answer end() {
        return end;
    }

    Answer last() {
        return new Answer(getLastReturnCode(), String.valueOf(getLastServerResponse()));
    }

    /** The mechanisms that the server offers, upper case. */
    List<String> mechanisms() {
        String offered = getExtensionParameter("AUTH");
        return offered == null
                ? List.of()
                : List.of(offered.strip().toUpperCase(Locale.ROOT).split("\\s+"));
    }

    @Override
    protected void sendCommand(String command) throws MessagingException {
        aboutRecipient = command.startsWith(RECIPIENT);
        super.sendCommand(command);
    }

    @Override
    protected int readServerResponse() throws MessagingException {
        boolean recipient = aboutRecipient;
        aboutRecipient = false;
        int code = super.readServerResponse();
        if (recipient) {
            recipients.add(last());
        }
        return code;
    }

    @Override
    protected void mailFrom() throws MessagingException {
        phase = Phase.SENDING;
        super.mailFrom();
    }

    @Override
    protected void finishData() throws IOException, MessagingException {
        phase = Phase.ENDED;
        try {
            super.finishData();
        } finally {
            end = last();
            if (end.isPositive()) {
                phase = Phase.ACCEPTED;
            } else if (end.code() >= 400) {
                phase = Phase.SENDING;
            }
        }
    }

    /** Angus wraps sockets by a factory; the limited socket upgrades itself and stays the same. */
    private static final class Upgrade extends SSLSocketFactory {
        @Override
        public Socket createSocket(Socket socket, String host, int port, boolean autoClose) {
            ((LimitedSocket) socket).startTls();
            return socket;
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException("the connection exists");
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException("the connection exists");
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException("the connection exists");
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException("the connection exists");
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return new String[0];
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return new String[0];
        }
    }
}
