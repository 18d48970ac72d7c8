package dev.mailbell.mail;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who has to act on a refusal, derived from texts that mail servers are known to send: the
 * mailbox's owner (POP3 or IMAP is switched off, an app password is required, the account is
 * suspended), or the operator of Mailbell (its address is blocked, the connection must be
 * encrypted). A text that asks to wait requires no action, whatever else it says.
 *
 * @param code the failure code of the refusal
 * @param advice what to do: a sentence that begins with a blank
 */
public record ActionNeeded(FailureCode code, String advice) {

    private record Rule(Pattern pattern, FailureCode code, String advice) {
        static Rule of(FailureCode code, String regex, String advice) {
            return new Rule(Pattern.compile(regex), code, advice);
        }
    }

    private static final Pattern FOR_A_WHILE =
            Pattern.compile(
                    "temporar|again (later|shortly)|try (it )?later|try after|retry later|again"
                            + " (in|after) |too (many|often|frequent|soon)|frequen|\\brate\\b|throttl"
                            + "|\\bbusy\\b|(unavailable|not (\\w+ )?available)(?! (for|to|in|on|with)"
                            + " (this|your) (current )?(account|mailbox|user|plan|package|domain))"
                            + "|in use|another .{0,20}session|by another (user|client|process|program)"
                            + "|already logged (in|on)|maintenance|internal|system error|timed?"
                            + " ?out|overload|please wait|\\d+"
                            + " (seconds?|minutes?|hours?)|(mailbox|maildrop|mail"
                            + " ?drop|spool|folder).{0,40}(lock|in use)|already"
                            + " (locked|open)|being (migrated|moved)|稍后|稍候|频繁|频率|繁忙|过多|维护");

    /**
     * A server does not work, often one behind a gateway: DavMail, perdition and virus scanners
     * answer a login so when they cannot reach the mail server, qmail and popa3d when they cannot
     * read the mailbox.
     */
    private static final Pattern OUT_OF_ORDER =
            Pattern.compile(
                    "(can ?not|can't|could not|couldn't|unable to|failed to)"
                            + " (connect|contact|reach|fork|scan|open|read|allocate)\\b"
                            + "|connect error|connection (refused|reset|failed|lost|timed)"
                            + "|^(bye )?connection (is |was )?(closed|refused)|^protocol error"
                            + "|no (connection|route) to|unreachable|network \\w+ down"
                            + "|(server|service|backend|database) (is |was )?(error|failure|down\\b"
                            + "|not (running|responding|ready)|shutting down)|child crashed"
                            + "|fork failed|out of memory|not enough (memory|resources)"
                            + "|(no \\$home/|defective )maildir|auth process|autologout"
                            + "|(disconnected|connection|session)\\b.{0,30}inactivity");

    private static final Pattern WRONG_PASSWORD =
            Pattern.compile(
                    "(invalid|incorrect|wrong|bad) (\\w+ )?(user|log ?in|pass|credential)"
                            + "|(user ?name|log ?in|pass(word|wd)?|credentials?) (is |are )?"
                            + "(invalid|incorrect|wrong|bad)\\b");

    /** POP3 or IMAP, as servers write them. */
    private static final String PROTOCOL = "(pop ?3?|imap ?4?)(/(pop ?3?|imap ?4?|smtp))?";

    private static final String OFF =
            "(disabled?|not available|not (currently |been |yet"
                    + " )?(enabled|activated?|allowed|permitted|open(ed)?|active|authori[sz]ed)|(switched|turned)"
                    + " off|switched-off|blocked|denied|forbidden)\\b";

    private static final String WEB_SETTINGS =
            " The mailbox's owner has to switch on POP3 or IMAP in the mailbox's web settings, or"
                    + " have its administrator do so.";

    private static final String APP_PASSWORD =
            " The mailbox's owner has to generate an app password (authorisation code) in the"
                    + " mailbox's web settings, and use it here.";

    private static final String BROWSER =
            " The mailbox's owner has to sign in with a browser and confirm that this access is"
                    + " wanted.";

    private static final String PROVIDER =
            " The mailbox's owner has to settle this with the provider.";

    /** The first pattern found in the lower-case text decides. */
    private static final List<Rule> RULES =
            List.of(
                    Rule.of(
                            FailureCode.TLS_FAILED,
                            "(plain|clear)[- ]?text.{0,40}(disallow|not (allowed|permitted|accepted)"
                                    + "|disabled|only)|\\b(ssl|tls|starttls|stls|encryption|encrypted"
                                    + " connection)\\b.{0,20}(is )?(required|needed)|(require|must"
                                    + " use|must issue|please use|need)\\w* (an? )?"
                                    + "(secure|ssl|tls|starttls|stls|encrypt)"
                                    + "|secure connection is requi|under a layer|entering tls"
                                    + "|\\b(in|un)(secured?|encrypted)\\b.{0,40}(not"
                                    + " (allowed|permitted)|disabled)|(not (allowed|permitted|possible)"
                                    + "|disabled).{0,40}(without (ssl|tls|encryption)|\\buse"
                                    + " (stls|starttls)|\\b(insecure|unencrypted))",
                            " Use security \"tls\" or \"starttls\"."),
                    Rule.of(
                            FailureCode.SERVER_ERROR,
                            "\\b(ips?|(ip|your|this|client)"
                                    + " address|network|country|region)\\b.{0,60}(block|black"
                                    + " ?list|\\bban|denied|not allowed|not permitted"
                                    + "|reject|forbid|restrict)|(block|black"
                                    + " ?list|banned|denied|deny)\\w*.{0,30}\\bips?\\b",
                            " The operator of Mailbell can ask the provider to allow its address."),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "basic ?auth(entication)?.{0,30}(block|disabled|not"
                                    + " (supported|allowed))|logondenied-basicauthblocked|oauth.{0,20}(is"
                                    + " )?required",
                            " This provider takes no passwords: use OAuth."),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "appli?(ication)?[- ]?(specific|based)?[- ]?pass(word|code)"
                                    + "|application[- ](specific )?pass"
                                    + "|authori[sz](ation|ed) code|auth[- ]?code|授权码|授權碼"
                                    + "|专用密码|專用密碼|独立密码|客户端.{0,6}密码"
                                    + "|secure mail key|(device|external|specific) password"
                                    + "|second ?factor|(two|2)[- ](step|factor)|\\b2fa\\b",
                            APP_PASSWORD),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "\\bapp(lication)?\\b.{0,30}(deleted|removed|revoked|disabled|expired)"
                                    + "|(deleted|disabled|unauthorized)_client|invalid_grant"
                                    + "|(token|access|consent).{0,20}(been )?revoked",
                            " Let the account's owner grant access again."),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "web ?log-?in (is )?required|webalert|web ?browser"
                                    + "|(log|sign)[- ]?in .{0,30}(webmail|web ?site|browser)"
                                    + "|unusual|suspicious|less secure"
                                    + "|(verify|confirm) (that )?(your|it)|captcha",
                            BROWSER),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "\\b"
                                    + PROTOCOL
                                    + "\\b[^.!;]{0,50}\\b"
                                    + OFF
                                    + "|\\b"
                                    + OFF
                                    + "[^.!;]{0,50}\\b"
                                    + PROTOCOL
                                    + "\\b|(enable|activate|switch on|turn on) (the )?"
                                    + PROTOCOL
                                    + "|"
                                    + PROTOCOL
                                    + " off\\b|\\bno(t|t have)? ((\\w+ )?access to |permission (to use"
                                    + " |for ))?"
                                    + PROTOCOL
                                    + "( access| permission|$)|enable mail protocol"
                                    + "|service is not open|access rights to this service"
                                    + "|no access to this service"
                                    + "|(未|没有|沒有|尚未|请|請|禁用|关闭).{0,12}(开启|开通|開啟|開通|启用|服务|服務)",
                            WEB_SETTINGS),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "pass(word|phrase) (has |is |was |have )?(been )?(expired|too old)"
                                    + "|(change|reset|renew|update) your password"
                                    + "|password (must|has to|needs to) be",
                            " The mailbox's owner has to set a new password, and give it here."),
                    Rule.of(
                            FailureCode.AUTH_FAILED,
                            "\\b(account|user|login|subscription|domain)\\b.{0,40}\\b"
                                    + "(suspend|disabled?\\b|lock|block|deactivat|inactive|expired"
                                    + "|frozen|closed|terminat|deleted|banned|not active|cancell?ed"
                                    + "|restrict|abnormal|does not exist|not found)"
                                    + "|(suspended|disabled|locked|blocked|deactivated|expired"
                                    + "|inactive|unknown|no such|closed) (mail )?(account|user)"
                                    + "(?! ?(name|id)?,? (or|and) )"
                                    + "|(账号|帐号|账户|帐户|邮箱|用户).{0,10}"
                                    + "(冻结|停用|禁用|锁定|异常|过期|注销|不存在|封)"
                                    + "|(user|account)disabled|unpaid|payment"
                                    + "|(only|just) (available )?(to|for) (premium|paying|paid)"
                                    + "|(premium|paying|paid) (\\w+ )?only",
                            PROVIDER));

    /**
     * Whether a text asks to wait, and so does not indicate a problem of the account.
     *
     * @param text the server's text in lower case
     */
    public static boolean asksToWait(String text) {
        return FOR_A_WHILE.matcher(text).find()
                || OUT_OF_ORDER.matcher(text).find() && !WRONG_PASSWORD.matcher(text).find();
    }

    /** Whether POP3 or IMAP is switched off for the account. */
    public boolean isSwitchOn() {
        return advice.equals(WEB_SETTINGS);
    }

    /**
     * The action that a server's refusal requires; empty when the text is not known or asks to
     * wait.
     *
     * @param text the server's text in lower case
     */
    public static Optional<ActionNeeded> of(String text) {
        if (asksToWait(text)) {
            return Optional.empty();
        }
        return RULES.stream()
                .filter(rule -> rule.pattern().matcher(text).find())
                .map(rule -> new ActionNeeded(rule.code(), rule.advice()))
                .findFirst();
    }
}
