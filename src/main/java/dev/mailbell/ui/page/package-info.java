/**
 * What all pages for people use: forms, layout, errors. It has no page but the sign-in; start
 * reading at {@link dev.mailbell.ui.page.Pages}.
 *
 * <p>How a page is added:
 *
 * <ol>
 *   <li>A class with {@code void addTo(Pages pages)} in a package of its own below {@code
 *       dev.mailbell.ui}. It calls {@link dev.mailbell.ui.page.Pages#entry} for the navigation,
 *       {@link dev.mailbell.ui.page.Pages#get} for each page and {@link
 *       dev.mailbell.ui.page.Pages#post} for each action, with the scope that it needs. Whoever is
 *       not signed in, lacks the scope, or sends a form without its token does not get to the
 *       handler. Paths begin with {@code /ui/}.
 *   <li>The handler reads from the stores and status snapshots, makes an immutable model (a public
 *       record with all that is shown), and calls {@link dev.mailbell.ui.page.PageRequest#show}. An
 *       action ends with {@link dev.mailbell.ui.page.PageRequest#redirect}, or shows its form again
 *       with status 422. It runs for the client of the session; with the operator's key {@link
 *       dev.mailbell.ui.page.PageRequest#isOperator} it may see all clients.
 *   <li>A template in {@code src/main/jte} with the parameters {@code PageView page} and {@code
 *       model}, whose content is given to {@code layout.jte}. Values are written by {@code ${…}},
 *       which escapes them; {@code $unsafe} is for nothing. There is no inline script or style. The
 *       parts in {@code src/main/jte/part} are ready: {@code action} (a button that posts), {@code
 *       live} (refreshes itself), {@code time}, {@code state}, {@code empty}, {@code csrf}.
 *   <li>A line in {@link dev.mailbell.ui.Ui}.
 * </ol>
 *
 * <p>A failure is thrown as {@link dev.mailbell.api.problem.ProblemException}, as in the API, and
 * becomes a page. The audit log has each action by its path, as it has requests of the API. A long
 * answer, such as a stream, asks {@link dev.mailbell.api.http.AccessFilter#isStillAdmitted}.
 * Sessions that rest on something else than a key are made by {@link
 * dev.mailbell.ui.session.Sessions#accept} and {@link dev.mailbell.ui.session.Sessions#begin}, from
 * a page that {@link dev.mailbell.ui.session.Sessions#open} lets everybody see.
 */
@NullMarked
package dev.mailbell.ui.page;

import org.jspecify.annotations.NullMarked;
