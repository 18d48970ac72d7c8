package dev.mailbell.mail.pop3;

import dev.mailbell.detection.messages.MessageListing;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Store;
import java.util.Properties;
import org.eclipse.angus.mail.pop3.POP3Folder;

/** What another POP3 client sees in the same maildrop. */
final class AngusOracle {
    private AngusOracle() {}

    static MessageListing listing(int port, String user, String password) {
        Properties properties = new Properties();
        properties.setProperty("mail.pop3.timeout", "180000");
        try (Store store = Session.getInstance(properties).getStore("pop3")) {
            store.connect("127.0.0.1", port, user, password);
            try (POP3Folder inbox = (POP3Folder) store.getFolder("INBOX")) {
                inbox.open(Folder.READ_ONLY);
                Message[] messages = inbox.getMessages();
                int[] numbers = new int[messages.length];
                long[] keys = new long[messages.length];
                // Of LIST: a message's own getSize() is that of its body.
                int[] sizes = inbox.getSizes();
                for (int i = 0; i < messages.length; i++) {
                    numbers[i] = messages[i].getMessageNumber();
                    keys[i] = Pop3Kit.key(inbox.getUID(messages[i]));
                }
                return new MessageListing(numbers, keys, sizes);
            }
        } catch (MessagingException e) {
            throw new AssertionError(e);
        }
    }
}
