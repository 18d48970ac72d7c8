package dev.mailbell.demo;

import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** IMAP and POP3, with TLS and in clear text, on free loopback ports; mails come without SMTP. */
final class TrainingMailServer implements AutoCloseable {
    static final String HOST = MailPort.HOST;
    static final String PASSWORD = "training-password";

    private final Session session = Session.getInstance(new Properties());
    private final GreenMail server;
    private final List<GreenMailUser> users = new ArrayList<>();

    /** With so many mailboxes, which are numbered from 0. */
    TrainingMailServer(int mailboxes) {
        server =
                new GreenMail(
                        new ServerSetup[] {
                            MailPort.of(ServerSetup.PROTOCOL_IMAP),
                            MailPort.of(ServerSetup.PROTOCOL_IMAPS),
                            MailPort.of(ServerSetup.PROTOCOL_POP3),
                            MailPort.of(ServerSetup.PROTOCOL_POP3S)
                        });
        server.start();
        for (int mailbox = 0; mailbox < mailboxes; mailbox++) {
            users.add(server.setUser(address(mailbox), address(mailbox), PASSWORD));
        }
    }

    static String address(int mailbox) {
        return "user" + mailbox + "@training.example";
    }

    int port(boolean imap, boolean tls) {
        return imap
                ? (tls ? server.getImaps() : server.getImap()).getPort()
                : (tls ? server.getPop3s() : server.getPop3()).getPort();
    }

    void deliver(int mailbox, int number) throws MessagingException {
        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress("postman@training.example"));
        message.setRecipient(
                Message.RecipientType.TO, new InternetAddress(users.get(mailbox).getEmail()));
        message.setSubject("Mail " + number + ", größer", "UTF-8");
        message.setText("A mail of the training.");
        message.saveChanges();
        users.get(mailbox).deliver(message);
    }

    @Override
    public void close() {
        server.stop();
    }
}
