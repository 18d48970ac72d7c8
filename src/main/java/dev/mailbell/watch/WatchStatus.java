package dev.mailbell.watch;

import dev.mailbell.watch.account.AccountModes;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.check.CheckMeters;
import dev.mailbell.watch.host.HostStatus;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.shard.ShardLoader;
import dev.mailbell.watch.shard.WatchedAccounts;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** What is known of the watch of this node now: its mail hosts, its accounts, what is late. */
public final class WatchStatus {
    private final WatchedAccounts accounts;
    private final ShardLoader shards;
    private final MailHostLimiters hosts;
    private final CheckSchedule schedule;
    private final CheckMeters meters;

    WatchStatus(
            WatchedAccounts accounts,
            ShardLoader shards,
            MailHostLimiters hosts,
            CheckSchedule schedule,
            CheckMeters meters) {
        this.accounts = accounts;
        this.shards = shards;
        this.hosts = hosts;
        this.schedule = schedule;
        this.meters = meters;
    }

    /** How each mail host of this node's accounts is now. */
    public List<HostStatus> hosts() {
        return hosts.status();
    }

    /** How the accounts of this node are watched now. */
    public AccountModes modes() {
        return AccountModes.of(accounts.all().stream().map(WatchedAccount::status).toList());
    }

    /** The same of one client. */
    public AccountModes modes(UUID client) {
        return AccountModes.of(
                accounts.all().stream()
                        .map(WatchedAccount::status)
                        .filter(status -> status.account().clientId().equals(client))
                        .toList());
    }

    /** For how long the oldest check has been due that has not ended. */
    public Duration oldestDue() {
        return schedule.status().oldestDue();
    }

    /** Why this node misses mail now; empty when it does not. */
    public List<String> trouble() {
        return meters.trouble(shards.waiting(), schedule.status().stuck());
    }
}
