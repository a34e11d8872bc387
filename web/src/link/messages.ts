/** What a link's page says beside the component's own sentences. */
const en = {
  used: 'This link was used already',
  expired: 'This link has expired',
  unknown: 'There is no such link',
  closedHelp: 'Ask whoever sent it for another.',
  heading: 'Show who you are',
  notice: 'You are asked for an ID number, and perhaps for a selfie. The authority that issued the ID is asked for what it knows of you, and whoever sent you this link is told the result. Read what becomes of your data before you agree.',
  which: 'Which ID do you want to use?',
  declined: 'You did not agree',
  declinedHelp: 'Nothing was sent.',
  back: 'Back',
  leaving: 'You will be taken back in a moment.',
  leave: 'Go back now',
};

/** What a language says. */
export type LinkMessages = { readonly [key in keyof typeof en]: string };

const fr: LinkMessages = {
  used: 'Ce lien a déjà été utilisé',
  expired: 'Ce lien a expiré',
  unknown: 'Ce lien n’existe pas',
  closedHelp: 'Demandez-en un autre à qui vous l’a envoyé.',
  heading: 'Montrez qui vous êtes',
  notice: 'On vous demande le numéro d’une pièce d’identité, et peut-être un selfie. L’autorité qui a délivré la pièce est interrogée sur ce qu’elle sait de vous, et le résultat est communiqué à qui vous a envoyé ce lien. Lisez ce que deviennent vos données avant d’accepter.',
  which: 'Quelle pièce d’identité voulez-vous utiliser ?',
  declined: 'Vous n’avez pas accepté',
  declinedHelp: 'Rien n’a été envoyé.',
  back: 'Retour',
  leaving: 'Vous allez être redirigé dans un instant.',
  leave: 'Y aller maintenant',
};

const sw: LinkMessages = {
  used: 'Kiungo hiki kimeshatumika',
  expired: 'Muda wa kiungo hiki umekwisha',
  unknown: 'Hakuna kiungo kama hiki',
  closedHelp: 'Mwombe aliyekutumia akupe kingine.',
  heading: 'Onyesha wewe ni nani',
  notice: 'Unaombwa nambari ya kitambulisho, na huenda selfie. Mamlaka iliyotoa kitambulisho inaulizwa inachojua kukuhusu, na aliyekutumia kiungo hiki anaambiwa matokeo. Soma data yako itatumikaje kabla ya kukubali.',
  which: 'Ungependa kutumia kitambulisho gani?',
  declined: 'Hukukubali',
  declinedHelp: 'Hakuna kilichotumwa.',
  back: 'Rudi',
  leaving: 'Utarudishwa baada ya muda mfupi.',
  leave: 'Rudi sasa',
};

const ar: LinkMessages = {
  used: 'استُخدم هذا الرابط من قبل',
  expired: 'انتهت صلاحية هذا الرابط',
  unknown: 'لا يوجد رابط كهذا',
  closedHelp: 'اطلب رابطًا آخر ممن أرسله إليك.',
  heading: 'أثبت هويتك',
  notice: 'يُطلب منك رقم وثيقة هوية، وربما صورة سيلفي. تُسأل الجهة التي أصدرت الوثيقة عمّا تعرفه عنك، ويُبلَّغ من أرسل إليك هذا الرابط بالنتيجة. اقرأ ما يحدث لبياناتك قبل أن توافق.',
  which: 'أي وثيقة هوية تريد أن تستخدم؟',
  declined: 'لم توافق',
  declinedHelp: 'لم يُرسل شيء.',
  back: 'رجوع',
  leaving: 'ستُعاد بعد لحظة.',
  leave: 'العودة الآن',
};

const pt: LinkMessages = {
  used: 'Esta ligação já foi usada',
  expired: 'Esta ligação expirou',
  unknown: 'Esta ligação não existe',
  closedHelp: 'Peça outra a quem a enviou.',
  heading: 'Mostre quem é',
  notice: 'É-lhe pedido o número de um documento de identidade e talvez uma selfie. Pergunta-se à entidade que emitiu o documento o que sabe de si, e quem lhe enviou esta ligação é informado do resultado. Leia o que acontece aos seus dados antes de aceitar.',
  which: 'Que documento de identidade quer usar?',
  declined: 'Não aceitou',
  declinedHelp: 'Nada foi enviado.',
  back: 'Voltar',
  leaving: 'Será levado de volta dentro de momentos.',
  leave: 'Voltar agora',
};

const LANGUAGES: Readonly<Record<string, LinkMessages>> = { en, fr, sw, ar, pt };

/** The sentences of one of the component's languages. */
export const sentencesOf = (code: string): LinkMessages => LANGUAGES[code] ?? en;
