package dev.mailbell.bench;

import dev.mailbell.bench.sim.Ledger;
import java.util.function.IntFunction;

/**
 * What is set up before anything is measured.
 *
 * @param pop3 POP3 instead of IMAP
 * @param accounts how many, one mailbox each
 * @param tls whether the mail servers speak TLS
 * @param idle whether IMAP is pushed
 * @param polled so many of the accounts, the first ones, are polled nevertheless
 * @param safety seconds that IDLE is trusted without a look
 * @param interval seconds between looks where mailboxes are polled
 * @param jitter of the intervals
 * @param webhooks how many
 * @param audience who is told what
 * @param accountLabel the value of the label {@code group} of an account
 * @param webhookLabel the value that a webhook wants, empty for any
 * @param concurrency checks at once
 */
record Plan(
        boolean pop3,
        int accounts,
        boolean tls,
        boolean idle,
        int polled,
        int safety,
        int interval,
        double jitter,
        int webhooks,
        Ledger.Audience audience,
        IntFunction<String> accountLabel,
        IntFunction<String> webhookLabel,
        int concurrency) {
    private static final int USUAL_SAFETY = 540;
    private static final int USUAL_CONCURRENCY = 512;

    /** One webhook that hears of everything. */
    static Plan imap(int accounts, boolean tls, boolean idle, int interval) {
        return new Plan(
                false,
                accounts,
                tls,
                idle,
                0,
                USUAL_SAFETY,
                interval,
                0.2,
                1,
                (webhook, mailbox) -> true,
                account -> "all",
                webhook -> "",
                USUAL_CONCURRENCY);
    }

    Plan overPop3() {
        return new Plan(
                true,
                accounts,
                tls,
                false,
                0,
                safety,
                interval,
                jitter,
                webhooks,
                audience,
                accountLabel,
                webhookLabel,
                concurrency);
    }

    Plan withoutJitter() {
        return new Plan(
                pop3,
                accounts,
                tls,
                idle,
                polled,
                safety,
                interval,
                0,
                webhooks,
                audience,
                accountLabel,
                webhookLabel,
                concurrency);
    }

    /** So many webhooks, each of which hears of everything. */
    Plan webhooks(int count) {
        return new Plan(
                pop3,
                accounts,
                tls,
                idle,
                polled,
                safety,
                interval,
                jitter,
                count,
                audience,
                accountLabel,
                webhookLabel,
                concurrency);
    }

    /** Webhooks hear of the accounts of their group. */
    Plan groups(
            Ledger.Audience counted, IntFunction<String> ofAccount, IntFunction<String> ofWebhook) {
        return new Plan(
                pop3,
                accounts,
                tls,
                idle,
                polled,
                safety,
                interval,
                jitter,
                webhooks,
                counted,
                ofAccount,
                ofWebhook,
                concurrency);
    }

    /** The first so many accounts are polled; the others' IDLE is trusted for so many seconds. */
    Plan mixed(int firstPolled, int trusted) {
        return new Plan(
                pop3,
                accounts,
                tls,
                idle,
                firstPolled,
                trusted,
                interval,
                jitter,
                webhooks,
                audience,
                accountLabel,
                webhookLabel,
                concurrency);
    }

    Plan concurrency(int checks) {
        return new Plan(
                pop3,
                accounts,
                tls,
                idle,
                polled,
                safety,
                interval,
                jitter,
                webhooks,
                audience,
                accountLabel,
                webhookLabel,
                checks);
    }

    /** How many accounts are pushed. */
    int pushed() {
        return idle ? accounts - polled : 0;
    }

    /** The daemon's configuration. */
    String configuration(String dataDir) {
        return """
        dataDir: "%s"
        http: { port: 0 }
        network: { allowPrivate: [127.0.0.0/8], allowCleartext: ["127.0.0.*"] }
        polling:
          imap: { interval: %ds, min: 1s, safetyInterval: %ds }
          pop3: { interval: %ds, min: 1s }
          jitter: %s
          concurrency: %d
        # The scripted servers take all who come: what is measured is the daemon, not its manners.
        providers:
          - { match: ["127.0.0.*"], connections: 10000, loginsPerSecond: 10000 }
        limits: { accountsPerClient: 2000000, requestsPerSecond: 100000 }
        """
                .formatted(dataDir, interval, safety, interval, jitter, concurrency);
    }
}
