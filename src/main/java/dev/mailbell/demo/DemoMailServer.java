package dev.mailbell.demo;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;

/** An SMTP, IMAP and POP3 server on free loopback ports. */
final class DemoMailServer implements AutoCloseable {
    static final String HOST = MailPort.HOST;
    static final String PASSWORD = "demo-password";
    private static final String TIMEOUT_MILLIS = "10000";

    private final GreenMail server;

    DemoMailServer(String... addresses) {
        server =
                new GreenMail(
                        new ServerSetup[] {
                            MailPort.of(ServerSetup.PROTOCOL_SMTP),
                            MailPort.of(ServerSetup.PROTOCOL_IMAP),
                            MailPort.of(ServerSetup.PROTOCOL_POP3)
                        });
        server.start();
        for (String address : addresses) {
            server.setUser(address, address, PASSWORD);
        }
    }

    int imapPort() {
        return server.getImap().getPort();
    }

    int pop3Port() {
        return server.getPop3().getPort();
    }

    /** Sends a mail over SMTP; it has arrived when this returns. */
    void send(String to, String subject) throws MessagingException {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", HOST);
        properties.put("mail.smtp.port", Integer.toString(server.getSmtp().getPort()));
        properties.put("mail.smtp.connectiontimeout", TIMEOUT_MILLIS);
        properties.put("mail.smtp.timeout", TIMEOUT_MILLIS);
        MimeMessage message = new MimeMessage(Session.getInstance(properties));
        message.setFrom(new InternetAddress("postman@demo.example"));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress(to));
        message.setSubject(subject);
        message.setText("A mail of the Mailbell demo.");
        Transport.send(message);
    }

    @Override
    public void close() {
        server.stop();
    }
}
