/** Korean particles have two forms; which one follows depends on whether the sound before them ends in a consonant. */

const FORMS = /** @type {Record<string, [string, string]>} */ ({
  "을(를)": ["을", "를"],
  "이(가)": ["이", "가"],
  "(으)로": ["으로", "로"],
});
const DIGITS_AS_READ = "영일이삼사오육칠팔구";
const FIRST_SYLLABLE = 0xac00;
const SYLLABLES = 11_172;
const FINALS = 28;
const RIEUL = 8;

/**
 * The form of the particle that follows the text, or both where nobody can know how the text is read.
 * @param {string} text @param {string} both one of `FORMS`
 */
export function particleAfter(text, both) {
  const final = finalConsonant(text.replace(/[^\p{L}\p{N}]+$/u, "").at(-1) ?? "");
  if (final === null) return both;
  const [afterConsonant, afterVowel] = FORMS[both];
  return final === 0 || (final === RIEUL && both === "(으)로") ? afterVowel : afterConsonant;
}

/** Its place among the finals of Unicode's Hangul syllables, 0 for none. @param {string} letter @returns {number | null} */
function finalConsonant(letter) {
  const read = /^\d$/.test(letter) ? DIGITS_AS_READ[Number(letter)] : letter;
  const place = read.charCodeAt(0) - FIRST_SYLLABLE;
  return place >= 0 && place < SYLLABLES ? place % FINALS : null;
}
