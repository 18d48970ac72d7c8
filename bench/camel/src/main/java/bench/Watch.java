package bench;

import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultPollingConsumerPollStrategy;

import java.util.concurrent.CountDownLatch;

/**
 * One route a mailbox: Camel's mail consumer looks for unseen messages each second (it has no
 * IDLE), and each message is told to the receiver. {@code --virtual-threads} gives Camel virtual
 * threads.
 */
public final class Watch {

    private static final String ENDPOINT =
            "%s://%s:%d?username=%s&password=secret&delete=false&unseen=true"
                    + "&initialDelay=0&delay=1000&pollStrategy=#%s%s";

    /** Says when the first poll is over: what arrives from then on is found by another one. */
    private static final class FirstPoll extends DefaultPollingConsumerPollStrategy {
        private final CountDownLatch unwatched;
        private boolean over;

        FirstPoll(CountDownLatch unwatched) {
            this.unwatched = unwatched;
        }

        @Override
        public void commit(Consumer consumer, Endpoint endpoint, int polledMessages) {
            if (!over) {
                over = true;
                unwatched.countDown();
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1 && arguments[0].equals("--virtual-threads")) {
            System.setProperty("camel.threads.virtual.enabled", "true");
        } else if (arguments.length > 0) {
            System.err.println("The only argument there is: --virtual-threads");
            System.exit(2);
        }
        Settings settings = Settings.read();
        Poster poster = new Poster(settings.receiver());
        CountDownLatch unwatched = new CountDownLatch(settings.mailboxes());
        DefaultCamelContext camel = new DefaultCamelContext();
        camel.addRoutes(
                new RouteBuilder() {
                    @Override
                    public void configure() {
                        for (int i = 0; i < settings.mailboxes(); i++) {
                            String user = settings.user(i);
                            String poll = "poll" + i;
                            camel.getRegistry().bind(poll, new FirstPoll(unwatched));
                            from(ENDPOINT.formatted(
                                            settings.tls() ? "imaps" : "imap",
                                            settings.host(i),
                                            settings.port(),
                                            user,
                                            poll,
                                            settings.tls() ? trustAnyone() : ""))
                                    .process(exchange -> poster.post(user));
                        }
                    }
                });
        camel.start();
        unwatched.await();
        System.out.println("ready");
        // The routes run until the process is ended.
        new CountDownLatch(1).await();
    }

    private static String trustAnyone() {
        return "&mail.imaps.ssl.trust=*&mail.imaps.ssl.checkserveridentity=false";
    }
}
