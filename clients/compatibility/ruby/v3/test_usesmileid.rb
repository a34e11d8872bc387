# frozen_string_literal: true

# usesmileid for Ruby, as its users call it.
require 'json'
require 'minitest/autorun'
require 'net/http'
require 'openssl'
require 'securerandom'
require 'usesmileid'

SETTING = JSON.parse(ENV.fetch('SELFSAME_SETTING'))
KEY = SETTING['partner']['sandbox_api_key']
NO_JOB = 'job_01jd8qk3fxe1x8p2v5w7y9z0ab'

class UsesmileidTest < Minitest::Test
  def client(more = {})
    named = { partner_id: '2343', api_key: KEY, base_url: SETTING['server'], default_callback_url: SETTING['webhook'] }
    SmileID::Client.new(**named, **more)
  end

  def person(given = 'Ada', last = 'Lovelace')
    { given_names: given, last_name: last, email: "#{given.split.first}.#{last}@example.com".downcase }
  end

  # What every submission carries beside its product's own.
  def said(details = person)
    consent = SmileID::Consent.granted(
      granted_at: Time.now.utc, notice_language: 'EN', notice_privacy_policy_url: 'https://example.com/p'
    )
    { consent: consent, user_details: details, partner_params: { order: '7' } }
  end

  def nin(number = '00000000000')
    { country: 'NG', id_type: 'NIN', id_number: number }
  end

  def selfie(photo)
    { selfie_image: photograph(photo), liveness_images: SETTING['frames'] }
  end

  def photograph(name)
    SETTING['photographs'][name]
  end

  # A job's webhooks, in the order in which they came, when there are so many.
  def webhooks(job, count = 1)
    600.times do
      found = JSON.parse(Net::HTTP.get(URI(SETTING['webhook']))).select { |told| told['headers']['job-id'] == job }
      return found if found.length >= count

      sleep 0.2
    end
    flunk "no #{count} webhooks of #{job}"
  end

  # The decision in the webhook of a job's end. The status says the same, and the headers are signed.
  def ended(accepted)
    assert_predicate accepted, :accepted?
    status = client.verifications.wait_until_complete(accepted.job_id, interval: 0.1, timeout: 120)
    told = webhooks(accepted.job_id).first
    headers = told['headers']
    signature = OpenSSL::HMAC.digest('sha256', KEY, "#{headers['response-timestamp']}2343sid_request")
    assert_equal [signature].pack('m0'), headers['response-signature']
    assert_equal [status.status, status.user_id], [told['body']['status'], headers['user-id']]
    told['body'].values_at('status', 'reason', 'product')
  end

  def refused(kind, status, text = '', &call)
    error = assert_raises(kind, &call)
    assert_equal [kind, status], [error.class, error.status_code]
    assert_includes error.message, text
    assert error.request_id
  end

  def test_enrolled_authenticated_and_reported
    user = SecureRandom.uuid
    enrolled = client.biometric.enroll(user_id: user, **selfie('obama'), **said)
    assert_equal user, enrolled.user_id
    assert_equal ['clear', nil, 'smart_selfie_registration'], ended(enrolled)
    back = client.biometric.authenticate(user_id: user, **selfie('obama3'), **said)
    assert_equal ['clear', nil, 'smart_selfie_authentication'], ended(back)
    refused(SmileID::Errors::ConflictError, 409) { client.biometric.enroll(user_id: user, **selfie('obama'), **said) }
    by = { reported_by: 'risk@example.com' }
    assert_predicate client.users.flag_fraud(user, reason: 'MULE_ACCOUNT', **by), :accepted?
    assert_predicate client.users.clear_fraud(user, notes: 'she called', **by), :accepted?
    locked = client.biometric.authenticate(user_id: user, **selfie('obama3'), **said)
    assert_equal %w[block account_locked_fraud smart_selfie_authentication], ended(locked)
  end

  def test_a_selfie_compared_with_a_photograph
    [['obama', ['clear', nil]], ['biden', %w[block face_verification_failed]]].each do |face, expected|
      images = { selfie_image: photograph(face), comparison_image: photograph('obama2'), comparison_image_type: 'ID_PHOTO' }
      assert_equal [*expected, 'smart_selfie_compare'], ended(client.biometric.compare(**images, **said))
    end
  end

  def test_identities_by_their_numbers
    joe = person('Joe', 'Leo')
    accepted = client.enhanced_kyc.verify(**nin, **said(joe))
    assert_equal ['clear', nil, 'enhanced_kyc'], ended(accepted)
    kyc = client.biometric_kyc.verify(**selfie('obama2'), **nin, **said(joe))
    assert_equal ['clear', nil, 'biometric_kyc'], ended(kyc)
    elsewhere = client.verifications.replay(accepted.job_id, callback_url: "#{SETTING['webhook']}/elsewhere")
    assert_predicate elsewhere, :accepted?
    assert_equal '/webhook/elsewhere', webhooks(accepted.job_id, 2).last['path']
    assert_predicate client.verifications.replay(accepted.job_id), :accepted?
    assert_equal '/webhook', webhooks(accepted.job_id, 3).last['path']
    assert_equal 'online', client.services.id_status(country: 'NG', id_type: 'NIN').last_known_status
  end

  def test_what_may_be_asked_before
    services = client.services
    assert_equal ['NG'], services.bank_codes(country: 'NG').bank_codes.map { |bank| bank['country'] }.uniq
    assert_includes services.supported_id_types(country: 'NG').id_types.map { |type| type['type'] }, 'NIN'
    # Documents are not served yet.
    assert_empty services.supported_documents(country_code: 'GH').valid_documents
    error = assert_raises(SmileID::Errors::InvalidRequestError) { services.bank_codes(country: 'NGA') }
    assert_equal '2204', error.code
  end

  def test_each_refusal_is_the_client_s_own_error_for_it
    assert_predicate client.verifications.retrieve(NO_JOB), :not_found?
    refused(SmileID::Errors::NotFoundError, 404) { client.verifications.replay(NO_JOB) }
    refused(SmileID::Errors::AuthenticationError, 401) { client(api_key: 'wrong').verifications.retrieve(NO_JOB) }
    refused(SmileID::Errors::InvalidRequestError, 400, 'id_number') { client.enhanced_kyc.verify(**nin(''), **said) }
    document = { document: photograph('obama2'), country: 'GH', id_type: 'PASSPORT', **selfie('obama'), **said }
    refused(SmileID::Errors::PermissionError, 403, 'document') { client.documents.verify(**document) }
    refused(SmileID::Errors::PermissionError, 403, 'document') { client.documents.verify_enhanced(**document) }
    large = { **selfie('obama'), selfie_image: File.binread(photograph('obama')) + ("\0" * 5_000_000) }
    refused(SmileID::Errors::PayloadTooLargeError, 413) { client.biometric.enroll(**large, **said) }
  end
end
