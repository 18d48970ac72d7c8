package bench;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;

import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.mail.inbound.ImapIdleChannelAdapter;
import org.springframework.integration.mail.inbound.ImapMailReceiver;

import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One {@link ImapIdleChannelAdapter} a mailbox, as its documentation shows it; each message is told
 * to the receiver. {@code --virtual-threads} gives the adapters virtual threads.
 */
public final class Watch {

    @Configuration
    @EnableIntegration
    static class Context {}

    /** Says when its folder is open for the first time: what arrives from then on is found. */
    private static final class Receiver extends ImapMailReceiver {
        private final CountDownLatch unwatched;
        private final AtomicBoolean opened = new AtomicBoolean();

        Receiver(Settings settings, int mailbox, CountDownLatch unwatched) {
            super(
                    "%s://%s:secret@%s:%d/INBOX"
                            .formatted(
                                    settings.tls() ? "imaps" : "imap",
                                    settings.user(mailbox).replace("@", "%40"),
                                    settings.host(mailbox),
                                    settings.port()));
            this.unwatched = unwatched;
        }

        @Override
        protected void openFolder() throws MessagingException {
            super.openFolder();
            if (opened.compareAndSet(false, true)) {
                unwatched.countDown();
            }
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        boolean virtual = arguments.length == 1 && arguments[0].equals("--virtual-threads");
        if (arguments.length > 0 && !virtual) {
            System.err.println("The only argument there is: --virtual-threads");
            System.exit(2);
        }
        Settings settings = Settings.read();
        Poster poster = new Poster(settings.receiver());
        ApplicationContext context = new AnnotationConfigApplicationContext(Context.class);
        SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("idle-");
        executor.setVirtualThreads(virtual);
        // One for all: without it each receiver would read the providers from the jars again.
        Session session = Session.getInstance(mailProperties());
        CountDownLatch unwatched = new CountDownLatch(settings.mailboxes());
        for (int mailbox = 0; mailbox < settings.mailboxes(); mailbox++) {
            Receiver receiver = new Receiver(settings, mailbox, unwatched);
            receiver.setSession(session);
            receiver.setSimpleContent(true);
            receiver.setBeanFactory(context);
            receiver.afterPropertiesSet();

            String user = settings.user(mailbox);
            ImapIdleChannelAdapter adapter = new ImapIdleChannelAdapter(receiver);
            adapter.setOutputChannel((message, timeout) -> {
                poster.post(user);
                return true;
            });
            adapter.setTaskExecutor(executor);
            adapter.setApplicationEventPublisher(event -> System.err.println(user + ": " + event));
            adapter.setBeanFactory(context);
            adapter.afterPropertiesSet();
            adapter.start();
        }
        unwatched.await();
        System.out.println("ready");
        // The adapters run until the process is ended.
        new CountDownLatch(1).await();
    }

    private static Properties mailProperties() {
        Properties properties = new Properties();
        properties.setProperty("mail.imaps.ssl.trust", "*");
        properties.setProperty("mail.imaps.ssl.checkserveridentity", "false");
        return properties;
    }
}
