package dev.mailbell.bench;

import dev.mailbell.bench.sim.MailLedger;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * What is set up before a measurement: accounts, webhooks and configuration. Changes return a copy.
 */
final class Plan {
    private final int accounts;
    private final boolean tls;
    private final int interval;
    private boolean pop3;
    private boolean idle;
    private int polled;
    private int safety = 540;
    private double jitter = 0.2;
    private int webhooks = 1;
    private MailLedger.Audience audience = (webhook, mailbox) -> true;
    private IntFunction<String> accountLabel = account -> "all";
    private IntFunction<String> webhookLabel = webhook -> "";
    private int concurrency = 512;
    private int loginsPerSecond = 10_000;

    private Plan(int accounts, boolean tls, boolean idle, int interval) {
        this.accounts = accounts;
        this.tls = tls;
        this.idle = idle;
        this.interval = interval;
    }

    /**
     * One webhook, which receives all mail.
     *
     * @param accounts how many, one mailbox each
     * @param tls whether the mail servers speak TLS
     * @param idle whether IMAP is pushed
     * @param interval seconds between checks where mailboxes are polled
     */
    static Plan imap(int accounts, boolean tls, boolean idle, int interval) {
        return new Plan(accounts, tls, idle, interval);
    }

    private Plan with(Consumer<Plan> change) {
        Plan copy = new Plan(accounts, tls, idle, interval);
        copy.pop3 = pop3;
        copy.polled = polled;
        copy.safety = safety;
        copy.jitter = jitter;
        copy.webhooks = webhooks;
        copy.audience = audience;
        copy.accountLabel = accountLabel;
        copy.webhookLabel = webhookLabel;
        copy.concurrency = concurrency;
        copy.loginsPerSecond = loginsPerSecond;
        change.accept(copy);
        return copy;
    }

    Plan overPop3() {
        return with(plan -> {
            plan.pop3 = true;
            plan.idle = false;
            plan.polled = 0;
        });
    }

    Plan withoutJitter() {
        return with(plan -> plan.jitter = 0);
    }

    /** A number of webhooks, each of which receives all mail. */
    Plan webhooks(int count) {
        return with(plan -> plan.webhooks = count);
    }

    /**
     * Webhooks receive the mail of the accounts of their group.
     *
     * @param counted which webhook receives the mail of which mailbox
     * @param ofAccount the value of the label {@code group} of an account
     * @param ofWebhook the value that a webhook wants, empty for any
     */
    Plan groups(
            MailLedger.Audience counted,
            IntFunction<String> ofAccount,
            IntFunction<String> ofWebhook) {
        return with(plan -> {
            plan.audience = counted;
            plan.accountLabel = ofAccount;
            plan.webhookLabel = ofWebhook;
        });
    }

    /**
     * The first {@code polled} accounts are polled; the others have {@code safetyInterval} {@code
     * safety}.
     */
    Plan mixed(int firstPolled, int trusted) {
        return with(plan -> {
            plan.polled = firstPolled;
            plan.safety = trusted;
        });
    }

    /** Sets {@code polling.concurrency}. */
    Plan concurrency(int checks) {
        return with(plan -> plan.concurrency = checks);
    }

    /** Limits the logins at each mail host, so that most first checks wait. */
    Plan loginsPerSecond(int count) {
        return with(plan -> plan.loginsPerSecond = count);
    }

    boolean pop3() {
        return pop3;
    }

    int accounts() {
        return accounts;
    }

    boolean tls() {
        return tls;
    }

    /** Whether IMAP is pushed, but for the {@link #polled} accounts. */
    boolean idle() {
        return idle;
    }

    int polled() {
        return polled;
    }

    int webhooks() {
        return webhooks;
    }

    MailLedger.Audience audience() {
        return audience;
    }

    IntFunction<String> accountLabel() {
        return accountLabel;
    }

    IntFunction<String> webhookLabel() {
        return webhookLabel;
    }

    /** How many accounts are pushed. */
    int pushed() {
        return idle ? accounts - polled : 0;
    }

    /** The daemon's configuration. */
    String configuration(String dataDir) {
        return configuration(dataDir, "", "");
    }

    /**
     * The same with more of the network and of the provider's profile.
     *
     * @param network more keys of {@code network}, each after a comma
     * @param provider the same of the profile
     */
    String configuration(String dataDir, String network, String provider) {
        return """
        dataDir: "%s"
        http: { port: 0 }
        network: { allowPrivate: [127.0.0.0/8], allowCleartext: ["127.0.0.*"]%s }
        polling:
          imap: { interval: %ds, min: 1s, safetyInterval: %ds }
          pop3: { interval: %ds, min: 1s }
          jitter: %s
          concurrency: %d
        # The scripted servers accept every connection: the daemon is measured without its limits per host.
        providers:
          - { match: ["127.0.0.*"], connections: 10000, loginsPerSecond: %d%s }
        limits: { accountsPerClient: 2000000, requestsPerSecond: 100000 }
        """
                .formatted(
                        dataDir,
                        network,
                        interval,
                        safety,
                        interval,
                        jitter,
                        concurrency,
                        loginsPerSecond,
                        provider);
    }
}
